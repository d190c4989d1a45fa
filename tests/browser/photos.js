// Pictures made here, so that no photo of a person is needed to test with.

import { crc32, deflateSync } from 'node:zlib';

/**
 * @param {number} width
 * @param {number} height
 * @param {(x: number, y: number) => [number, number, number]} colour values beyond 0 to 255 are cut off
 * @param {number} [claimed] what the header says the sides are, if not the truth
 */
export function png(width, height, colour, claimed) {
  const rows = new Uint8ClampedArray(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows.set(colour(x, y), y * (1 + 3 * width) + 1 + 3 * x);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(claimed ?? width, 0);
  header.writeUInt32BE(claimed ?? height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/**
 * The same picture in a wrapping that browsers know and the wasm module doesn't.
 *
 * @param {Buffer} picture a PNG of up to 255 x 255 pixels
 */
export function ico(picture) {
  const header = Buffer.alloc(22);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(1, 4);
  header.set([picture.readUInt32BE(16), picture.readUInt32BE(20), 0, 0, 1, 0, 24, 0], 6);
  header.writeUInt32LE(picture.length, 14);
  header.writeUInt32LE(header.length, 18);
  return Buffer.concat([header, picture]);
}

/** @param {string} type @param {Buffer} data */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/**
 * Something like a brown spot on skin: an uneven blotch with a soft edge, darker patches and the grain of a camera.
 *
 * @param {number} width
 * @param {number} height
 */
export function spot(width = 600, height = 450) {
  const random = generator(7);
  const coarse = smoothNoise(random, 6);
  const fine = smoothNoise(random, 40);
  const skin = [222, 178, 156];
  const brown = [104, 62, 46];
  return png(width, height, (x, y) => {
    const [u, v] = [x / width, y / height];
    const dx = (x - width * 0.52) / (height * 0.3);
    const dy = (y - height * 0.48) / (height * 0.24);
    const angle = Math.atan2(dy, dx);
    const edge = 1 + 0.1 * Math.sin(3 * angle + 1) + 0.05 * Math.sin(7 * angle) + 0.5 * (coarse(u, v) - 0.5);
    const inside = 1 / (1 + Math.exp((Math.hypot(dx, dy) - edge) * 9));
    const share = inside * (0.55 + 0.5 * coarse(v, u) + 0.2 * (fine(u, v) - 0.5)) + 0.1 * (fine(v, u) - 0.5);
    const light = 1 - 0.3 * Math.hypot(u - 0.5, v - 0.5) ** 2;
    const grain = 5 * (random() - 0.5);
    const mix = (/** @type {number} */ i) => (skin[i] + (brown[i] - skin[i]) * share) * light + grain;
    return [mix(0), mix(1), mix(2)];
  });
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
