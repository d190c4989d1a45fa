// Whether a canvas gives back what was drawn. Some browsers answer with noise, so that nobody can tell one device from
// another by how it draws: the Tor Browser, LibreWolf, Firefox with `privacy.resistFingerprinting`. A classifier would
// take the noise for skin.

/** Sides of the canvas must be this at least, in pixels. */
export const SIDE = 16;
/** Colours may be off by so much: canvases with other colour spaces round, and some browsers change the lowest bit. */
const TOLERANCE = 2;

/**
 * Draws a pattern and reads it back. The canvas is blank afterwards.
 *
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context of a canvas of at least `SIDE` x `SIDE` pixels
 */
export function readsBack(context) {
  const drawn = Uint8ClampedArray.from({ length: SIDE * SIDE * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251));
  context.putImageData(new ImageData(drawn, SIDE, SIDE), 0, 0);
  const { data } = /** @type {ImageData} */ (context.getImageData(0, 0, SIDE, SIDE));
  context.clearRect(0, 0, SIDE, SIDE);
  return drawn.every((value, i) => Math.abs(value - Number(data[i])) <= TOLERANCE);
}

/** Whether pictures drawn by this page can be read back. */
export function pageReadsBack() {
  const context = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE }).getContext('2d', { willReadFrequently: true });
  return context !== null && readsBack(context);
}
