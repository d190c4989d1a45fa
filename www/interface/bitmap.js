// Pictures for the page to draw: for cropping, and small ones for lists.

import { MOST_BYTES, MOST_PIXELS } from './photo-limits.js';

/**
 * A photo decoded by the browser. A small file can hold billions of pixels, which would take the page down with it: the
 * sides are looked at before anything is decoded.
 *
 * @param {Blob} photo
 * @param {number} [shorter] pixels that the shorter side shall have at most: the page need not shrink it then
 * @returns {Promise<ImageBitmap>} upright; rejects where the browser cannot draw it, or should not
 */
export async function bitmapOf(photo, shorter = Infinity) {
  const image = await load(photo);
  try {
    if (isTooLarge(photo, image)) {
      throw new RangeError(`${photo.size} bytes, ${image.naturalWidth} × ${image.naturalHeight} pixels: too much to draw`);
    }
    const { naturalWidth: width, naturalHeight: height } = image;
    if (shorter >= Math.min(width, height)) return await createImageBitmap(photo);
    const side = width < height ? { resizeWidth: shorter } : { resizeHeight: shorter };
    return await createImageBitmap(photo, { ...side, resizeQuality: 'high' });
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/**
 * Whether to show a photo at all.
 *
 * @param {Blob} photo
 * @param {HTMLImageElement} image it, loaded; its sides are known then, though browsers decode it only when it is drawn
 */
export function isTooLarge({ size }, { naturalWidth, naturalHeight }) {
  return size > MOST_BYTES || naturalWidth * naturalHeight > MOST_PIXELS;
}

/** @param {Blob} photo @returns {Promise<HTMLImageElement>} */
function load(photo) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => {
      URL.revokeObjectURL(image.src);
      reject(new TypeError('the browser cannot read this picture'));
    };
    image.src = URL.createObjectURL(photo);
  });
}
