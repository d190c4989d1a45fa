// What a caller may hand to classify(), brought into one of the three forms the worker understands.
//
// Files stay files: the wasm side decodes them, so that orientation, colour and scaling are the same in every browser.
// What is already drawn (canvas, image element, video frame) has no file, so its pixels are read here, at the moment
// of the call.

import { SIDE, readsBack } from './canvas-probe.js';
import { SkintreeError, messageOf } from './errors.js';

/**
 * @import {PhotoSource} from '../skintree.js'
 * @import {Photo} from './messages.js'
 */

/**
 * @param {PhotoSource} source
 * @returns {Promise<Photo>}
 */
export async function readPhoto(source) {
  if (source instanceof Blob) {
    return { kind: 'blob', blob: source };
  }
  // Copied, as the call may wait in the queue while the caller goes on using the buffer.
  if (source instanceof ArrayBuffer) {
    return { kind: 'bytes', bytes: new Uint8Array(source.slice(0)) };
  }
  if (source instanceof Uint8Array) {
    return { kind: 'bytes', bytes: source.slice() };
  }
  if (isA('ImageData', source)) {
    const { data, width, height } = /** @type {ImageData} */ (source);
    return { kind: 'rgba', data: eightBit(data), width, height };
  }
  if (isA('HTMLImageElement', source)) {
    const image = /** @type {HTMLImageElement} */ (source);
    try {
      await image.decode();
    } catch (cause) {
      throw new SkintreeError('photo-broken', 'the image element has no picture that can be decoded', { cause });
    }
    return draw(image, image.naturalWidth, image.naturalHeight);
  }
  if (isA('HTMLVideoElement', source)) {
    const video = /** @type {HTMLVideoElement} */ (source);
    return draw(video, video.videoWidth, video.videoHeight);
  }
  if (isA('HTMLCanvasElement', source) || isA('OffscreenCanvas', source) || isA('ImageBitmap', source)) {
    const canvas = /** @type {HTMLCanvasElement | OffscreenCanvas | ImageBitmap} */ (source);
    return draw(canvas, canvas.width, canvas.height);
  }
  throw new SkintreeError('photo-format', `cannot read a photo from ${Object.prototype.toString.call(source)}`);
}

/**
 * `instanceof` for classes that not every global scope has (a worker knows no HTMLImageElement).
 *
 * @param {string} name
 * @param {unknown} value
 */
function isA(name, value) {
  const type = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (globalThis))[name];
  return typeof type === 'function' && value instanceof type;
}

/**
 * @param {ImageDataArray} data
 * @returns {Uint8ClampedArray}
 */
function eightBit(data) {
  if (data instanceof Uint8ClampedArray) {
    return data.slice();
  }
  // Float16 pixels of wide-gamut canvases: the range of a photo is 0 to 1 there.
  return Uint8ClampedArray.from(data, (value) => value * 255);
}

/**
 * @param {CanvasImageSource} source
 * @param {number} width
 * @param {number} height
 * @returns {Photo}
 */
function draw(source, width, height) {
  if (!width || !height) {
    throw new SkintreeError('photo-broken', 'the picture has no pixels (not loaded yet, closed, or of size 0)');
  }
  const context = makeContext(width, height);
  if (!readsBack(context)) {
    throw new SkintreeError(
      'photo-blocked',
      'this browser hides the pixels of pictures from pages (protection against fingerprinting); allow this page to read canvases, or give the photo as a file',
    );
  }
  try {
    context.drawImage(source, 0, 0, width, height);
    const { data } = /** @type {ImageData} */ (context.getImageData(0, 0, width, height));
    return { kind: 'rgba', data: /** @type {Uint8ClampedArray} */ (data), width, height };
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'SecurityError') {
      const message = 'the picture comes from another site that does not allow reading its pixels (CORS)';
      throw new SkintreeError('photo-format', message, { cause });
    }
    // Browsers cap a canvas by area and by memory, each in its own way and without saying which.
    throw new SkintreeError('photo-too-large', `cannot read ${width} × ${height} pixels: ${messageOf(cause)}`, { cause });
  }
}

/**
 * @param {number} width
 * @param {number} height
 */
function makeContext(width, height) {
  const sides = /** @type {const} */ ([Math.max(width, SIDE), Math.max(height, SIDE)]);
  const canvas =
    typeof OffscreenCanvas === 'function'
      ? new OffscreenCanvas(...sides)
      : Object.assign(document.createElement('canvas'), { width: sides[0], height: sides[1] });
  // Read back at once, so drawing on the GPU would only cost a transfer.
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) {
    throw new SkintreeError('photo-too-large', `no canvas of ${width} × ${height} pixels to be had`);
  }
  return /** @type {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} */ (context);
}
