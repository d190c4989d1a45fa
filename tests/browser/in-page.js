// Runs on the pages of the tests (blankPage puts it there), not in Node.

import * as api from '/skintree.js';

/**
 * What became of a call, short enough to be compared.
 *
 * @param {Promise<unknown>} promise
 */
function outcome(promise) {
  return promise.then(
    (/** @type {any} */ result) => (result?.call ? `call ${result.call}` : 'done'),
    (/** @type {any} */ error) => (error instanceof api.SkintreeError ? error.code : error.name),
  );
}

/**
 * The picture behind a URL in every form that classify() takes.
 *
 * @param {string} url
 */
async function everyInput(url) {
  const buffer = await (await fetch(url)).arrayBuffer();
  const blob = new Blob([buffer]);
  // Of another size than the picture, which must not matter.
  const image = new Image(30, 20);
  image.src = url;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.drawImage(image, 0, 0);
  const offscreen = new OffscreenCanvas(width, height);
  offscreen.getContext('2d')?.drawImage(image, 0, 0);
  return {
    File: new File([blob], 'photo.png'),
    Blob: blob,
    ArrayBuffer: buffer,
    Uint8Array: new Uint8Array(buffer),
    ImageData: context.getImageData(0, 0, width, height),
    ImageBitmap: await createImageBitmap(blob),
    HTMLImageElement: image,
    HTMLCanvasElement: canvas,
    OffscreenCanvas: offscreen,
  };
}

Object.assign(globalThis, { api, outcome, everyInput });
