// Drawn spots to try the page with.

import { pageReadsBack } from '../interface/canvas-probe.js';
import { el } from '../view/dom.js';
import { say } from '../view/strings.js';
import { paint } from './drawing-calls.js';
import { DRAWINGS } from './drawn-spots.js';

/** @import {StringKey} from '../view/strings.js' */

/**
 * A list of buttons, one a drawing; none where what is drawn cannot be read.
 *
 * @param {(photo: File) => void} add
 */
export function exampleButtons(add) {
  if (!pageReadsBack()) return [];
  const small = DRAWINGS.map(() => el('canvas', { width: 96, height: 72 }));
  void paint(DRAWINGS, 96, 72, (pixels, place) => show(pixels, small[place]));
  return DRAWINGS.map((drawing, place) => {
    const name = say(/** @type {StringKey} */ (`drawing-${drawing.id}`));
    const button = el('button', { type: 'button', className: 'example', 'aria-label': name }, small[place]);
    button.addEventListener('click', () =>
      paint([drawing], 600, 450, (pixels) => {
        show(pixels, el('canvas', { width: 600, height: 450 })).toBlob((blob) => {
          if (blob) add(new File([blob], `${name}.png`, { type: 'image/png' }));
        }, 'image/png');
      }),
    );
    return el('li', {}, button);
  });
}

/**
 * @param {Uint8ClampedArray<ArrayBuffer>} pixels
 * @param {HTMLCanvasElement} canvas of their size
 */
function show(pixels, canvas) {
  canvas.getContext('2d')?.putImageData(new ImageData(pixels, canvas.width, canvas.height), 0, 0);
  return canvas;
}
