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
    const button = el('button', { type: 'button', className: 'example', 'aria-label': name }, draw(drawing, 96, 72));
    button.addEventListener('click', () => {
      draw(drawing, 600, 450).toBlob((blob) => {
        if (blob) add(new File([blob], `${name}.png`, { type: 'image/png' }));
      }, 'image/png');
    });
    return el('li', {}, button);
  });
}

/**
 * @param {Drawing} drawing
 * @param {number} width
 * @param {number} height
 */
function draw(drawing, width, height) {
  const canvas = el('canvas', { width, height });
  canvas.getContext('2d')?.putImageData(new ImageData(paintSpot(drawing, width, height), width, height), 0, 0);
  return canvas;
}
