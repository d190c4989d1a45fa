// Choosing the part of a photo that the model is asked about: the photo moves, turns and grows behind a square frame.
// By pointer, by touch or by keyboard; nothing here needs dragging.

import { el, nextFrame } from '../view/dom.js';
import { say } from '../view/strings.js';

/** @import {Part} from '../interface/wasm.js' */

const MAX_ZOOM = 8;
/** A pointer that moved less than this has clicked. */
const CLICK_PX = 5;

export class CropView {
  #bitmap;
  #turns = 0;
  #zoom = 1;
  /** What is in the middle of the frame, in pixels of the turned photo. */
  #x = 0;
  #y = 0;
  #canvas = el('canvas', { className: 'crop-frame', width: 640, height: 640, tabIndex: 0, role: 'group', 'aria-label': say('cropFrame') });
  #slider = el('input', { type: 'range', min: '0', max: '1', step: '0.01', value: '0', id: 'crop-zoom' });
  /** @type {Map<number, {x: number, y: number}>} */
  #pointers = new Map();
  #askButton;
  element;

  /**
   * @param {ImageBitmap} bitmap upright
   * @param {{ask: () => void, leave: () => void}} handlers
   */
  constructor(bitmap, { ask, leave }) {
    this.#bitmap = bitmap;
    this.#reset();
    this.#askButton = button('cropAsk', ask, 'button primary');
    this.element = el(
      'section',
      { className: 'crop', 'aria-labelledby': 'crop-heading' },
      el('h2', { id: 'crop-heading', tabIndex: -1 }, say('cropHeading')),
      el('p', { className: 'hint' }, say('cropHint')),
      this.#canvas,
      el(
        'div',
        { className: 'crop-tools' },
        el('span', { className: 'crop-zoom' }, el('label', { htmlFor: 'crop-zoom' }, say('cropZoom')), this.#slider),
        button('cropLeft', () => this.#turn(-1)),
        button('cropRight', () => this.#turn(1)),
      ),
      el('div', { className: 'buttons' }, this.#askButton, button('cancel', leave)),
    );
    this.#listen();
    // The page is laid out first; the bitmap may be closed by then.
    void nextFrame().then(() => this.#bitmap.width > 0 && this.#draw());
  }

  /** Whether the photo is to be used as it came. */
  get untouched() {
    return this.#turns === 0 && this.#zoom === 1 && this.#x === this.#width / 2 && this.#y === this.#height / 2;
  }

  /**
   * What is in the frame. It is cut out of the file and not read from a canvas, which some browsers answer with noise.
   *
   * @returns {Part}
   */
  get part() {
    const side = Math.max(1, Math.round(this.#side));
    const from = (/** @type {number} */ middle, /** @type {number} */ all) =>
      Math.min(all - side, Math.max(0, Math.round(middle - side / 2)));
    return { turns: this.#turns, x: from(this.#x, this.#width), y: from(this.#y, this.#height), side };
  }

  /** While it is being cut, it can be asked for no more. @param {boolean} busy */
  set busy(busy) {
    this.#askButton.disabled = busy;
  }

  get #width() {
    return this.#turns % 2 ? this.#bitmap.height : this.#bitmap.width;
  }

  get #height() {
    return this.#turns % 2 ? this.#bitmap.width : this.#bitmap.height;
  }

  /** The frame's side in pixels of the photo. */
  get #side() {
    return Math.min(this.#width, this.#height) / this.#zoom;
  }

  #reset() {
    this.#zoom = 1;
    this.#slider.value = '0';
    this.#x = this.#width / 2;
    this.#y = this.#height / 2;
  }

  /** @param {number} by quarters, clockwise */
  #turn(by) {
    this.#turns = (this.#turns + by + 4) % 4;
    this.#reset();
    this.#draw();
  }

  /** @param {number} zoom */
  #zoomTo(zoom) {
    this.#zoom = Math.min(MAX_ZOOM, Math.max(1, zoom));
    this.#slider.value = String(Math.log(this.#zoom) / Math.log(MAX_ZOOM));
    this.#moveTo(this.#x, this.#y);
  }

  /** @param {number} x @param {number} y */
  #moveTo(x, y) {
    const half = this.#side / 2;
    this.#x = Math.min(this.#width - half, Math.max(half, x));
    this.#y = Math.min(this.#height - half, Math.max(half, y));
    this.#draw();
  }

  /** @param {HTMLCanvasElement} canvas */
  #paint(canvas) {
    const context = canvas.getContext('2d');
    if (!context) throw new Error('no canvas to be had');
    const scale = canvas.width / this.#side;
    context.imageSmoothingQuality = 'high';
    context.translate(canvas.width / 2, canvas.height / 2);
    context.scale(scale, scale);
    context.translate(this.#width / 2 - this.#x, this.#height / 2 - this.#y);
    context.rotate((this.#turns * Math.PI) / 2);
    context.drawImage(this.#bitmap, -this.#bitmap.width / 2, -this.#bitmap.height / 2);
    context.resetTransform();
    return context;
  }

  #draw() {
    const { width } = this.#canvas;
    const context = this.#paint(this.#canvas);
    // Dark beside light, so that the ring is seen on any skin.
    for (const [colour, dash] of /** @type {const} */ ([['rgb(0 0 0 / 55%)', 0], ['rgb(255 255 255 / 90%)', 12]])) {
      context.beginPath();
      context.arc(width / 2, width / 2, width * 0.3, 0, 2 * Math.PI);
      context.setLineDash(dash ? [dash, dash] : []);
      context.lineWidth = 3;
      context.strokeStyle = colour;
      context.stroke();
    }
  }

  #listen() {
    const canvas = this.#canvas;
    this.#slider.addEventListener('input', () => this.#zoomTo(MAX_ZOOM ** Number(this.#slider.value)));
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      this.#zoomTo(this.#zoom * Math.exp(-event.deltaY / 400));
    }, { passive: false });
    canvas.addEventListener('keydown', (event) => {
      const step = this.#side / 20;
      /** @type {Record<string, () => void>} */
      const keys = {
        ArrowLeft: () => this.#moveTo(this.#x - step, this.#y),
        ArrowRight: () => this.#moveTo(this.#x + step, this.#y),
        ArrowUp: () => this.#moveTo(this.#x, this.#y - step),
        ArrowDown: () => this.#moveTo(this.#x, this.#y + step),
        '+': () => this.#zoomTo(this.#zoom * 1.1),
        '=': () => this.#zoomTo(this.#zoom * 1.1),
        '-': () => this.#zoomTo(this.#zoom / 1.1),
      };
      if (Object.hasOwn(keys, event.key) && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        keys[event.key]();
      }
    });

    let moved = 0;
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      if (this.#pointers.size === 0) moved = 0;
      this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    canvas.addEventListener('pointermove', (event) => {
      const before = this.#pointers.get(event.pointerId);
      if (!before) return;
      const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
      const now = { x: event.clientX, y: event.clientY };
      moved += Math.hypot(now.x - before.x, now.y - before.y);
      this.#pointers.set(event.pointerId, now);
      if (other) {
        const spread = (/** @type {{x: number, y: number}} */ point) => Math.hypot(point.x - other.x, point.y - other.y);
        this.#zoomTo((this.#zoom * spread(now)) / Math.max(1, spread(before)));
      } else if (moved >= CLICK_PX) {
        const scale = this.#side / canvas.clientWidth;
        this.#moveTo(this.#x - (now.x - before.x) * scale, this.#y - (now.y - before.y) * scale);
      }
    });
    canvas.addEventListener('pointerup', (event) => {
      if (moved < CLICK_PX && this.#pointers.size === 1) {
        const box = canvas.getBoundingClientRect();
        const scale = this.#side / box.width;
        this.#moveTo(
          this.#x + (event.clientX - box.left - box.width / 2) * scale,
          this.#y + (event.clientY - box.top - box.height / 2) * scale,
        );
      }
      this.#pointers.delete(event.pointerId);
    });
    canvas.addEventListener('pointercancel', (event) => this.#pointers.delete(event.pointerId));
  }
}

/**
 * @param {import('../view/strings.js').StringKey} key
 * @param {() => void} act
 */
function button(key, act, className = 'button') {
  const element = el('button', { type: 'button', className }, say(key));
  element.addEventListener('click', act);
  return element;
}
