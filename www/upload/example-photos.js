// Drawn spots to try the page with.

import { pageReadsBack } from '../interface/canvas-probe.js';
import { el } from '../view/dom.js';
import { say } from '../view/strings.js';
import { DRAWINGS, paintSpot } from './drawn-spots.js';

/**
 * @import {Drawing} from './drawn-spots.js'
 * @import {StringKey} from '../view/strings.js'
 */

/**
 * A list of buttons, one a drawing; none where what is drawn cannot be read.
 *
 * @param {(photo: File) => void} add
 */
export function exampleButtons(add) {
  return (pageReadsBack() ? DRAWINGS : []).map((drawing) => {
    const { id } = drawing;
    const name = say(/** @type {StringKey} */ (`drawing-${id}`));
    const small = el('canvas', { width: 96, height: 72 });
    // Each in a task of its own, once the page is there.
    setTimeout(() => draw(drawing, small));
    const button = el('button', { type: 'button', className: 'example', 'aria-label': name }, small);
    button.addEventListener('click', () => {
      draw(drawing, el('canvas', { width: 600, height: 450 })).toBlob((blob) => {
        if (blob) add(new File([blob], `${name}.png`, { type: 'image/png' }));
      }, 'image/png');
    });
    return el('li', {}, button);
  });
}

/**
 * Fills a canvas.
 *
 * @param {Drawing} drawing
 * @param {HTMLCanvasElement} canvas
 */
function draw(drawing, canvas) {
  const { width, height } = canvas;
  canvas.getContext('2d')?.putImageData(new ImageData(paintSpot(drawing, width, height), width, height), 0, 0);
  return canvas;
}
