// Pictures like skin with a spot on it, painted from numbers: to try the page with, and to test it. Drawings, not
// photos; what a model says about them means nothing.

/**
 * @typedef {object} Drawing
 * @property {string} id
 * @property {[number, number, number]} skin
 * @property {[number, number, number]} spot
 * @property {number} rough how uneven the edge is
 * @property {number} patchy how uneven the colour is
 * @property {number} size of the spot, as a share of the height
 */

/** @type {Drawing[]} */
export const DRAWINGS = [
  { id: 'even', skin: [226, 184, 160], spot: [134, 86, 62], rough: 0.25, patchy: 0.35, size: 0.22 },
  { id: 'uneven', skin: [222, 178, 156], spot: [104, 62, 46], rough: 1, patchy: 1, size: 0.27 },
  { id: 'dark', skin: [142, 98, 72], spot: [62, 40, 34], rough: 0.5, patchy: 0.6, size: 0.2 },
];

/**
 * @param {Drawing} drawing
 * @param {number} width
 * @param {number} height
 * @returns {Uint8ClampedArray<ArrayBuffer>} R, G, B, A bytes
 */
export function paintSpot({ skin, spot, rough, patchy, size }, width, height) {
  const random = generator(7);
  const coarse = smoothNoise(random, 6);
  const fine = smoothNoise(random, 40);
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width, y / height];
      const dx = (x - width * 0.51) / (height * size * 1.15);
      const dy = (y - height * 0.49) / (height * size);
      const angle = Math.atan2(dy, dx);
      const wave = 0.1 * Math.sin(3 * angle + 1) + 0.05 * Math.sin(7 * angle) + 0.5 * (coarse(u, v) - 0.5);
      const inside = 1 / (1 + Math.exp((Math.hypot(dx, dy) - 1 - rough * wave) * 9));
      const depth = 0.8 + patchy * (0.5 * coarse(v, u) - 0.25 + 0.2 * (fine(u, v) - 0.5));
      const share = inside * depth + 0.1 * (fine(v, u) - 0.5);
      const light = 1 - 0.3 * Math.hypot(u - 0.5, v - 0.5) ** 2;
      const grain = 5 * (random() - 0.5);
      const at = 4 * (y * width + x);
      for (let i = 0; i < 3; i++) pixels[at + i] = (skin[i] + (spot[i] - skin[i]) * share) * light + grain;
      pixels[at + 3] = 255;
    }
  }
  return pixels;
}

/** Numbers from 0 to 1, the same ones in every run. @param {number} state */
function generator(state) {
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Random values on a grid, smoothly joined: (u, v) in 0 to 1 give 0 to 1.
 *
 * @param {() => number} random
 * @param {number} cells
 */
function smoothNoise(random, cells) {
  const side = cells + 2;
  const grid = Float64Array.from({ length: side * side }, random);
  const ease = (/** @type {number} */ t) => t * t * (3 - 2 * t);
  return (/** @type {number} */ u, /** @type {number} */ v) => {
    const [x, y] = [u * cells, v * cells];
    const [i, j] = [Math.floor(x), Math.floor(y)];
    const [s, t] = [ease(x - i), ease(y - j)];
    const row = (/** @type {number} */ k) => grid[k * side + i] * (1 - s) + grid[k * side + i + 1] * s;
    return row(j) * (1 - t) + row(j + 1) * t;
  };
}
