// Small pictures of big ones.

import { bitmapOf } from '../interface/bitmap.js';
import { readsBack } from '../interface/canvas-probe.js';
import { el } from '../view/dom.js';

/** Twice what is shown, for screens of fine grain. */
const SIDE = 144;

/**
 * The middle square of a photo.
 *
 * @param {Blob} photo
 * @returns {Promise<string | null>} a `data:` URL; `null` where this browser cannot decode it, or would give noise
 */
export async function thumbnailOf(photo) {
  try {
    const bitmap = await bitmapOf(photo, SIDE);
    const side = Math.min(bitmap.width, bitmap.height);
    const canvas = el('canvas', { width: SIDE, height: SIDE });
    const context = canvas.getContext('2d');
    if (!context || !readsBack(context)) {
      bitmap.close();
      return null;
    }
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, SIDE, SIDE);
    bitmap.close();
    return canvas.toDataURL('image/jpeg', 0.8);
  } catch {
    return null;
  }
}
