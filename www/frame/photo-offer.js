// The portal offers a photo that it has: the visitor sees it, and says whether the model may look at it.

import { el } from '../view/dom.js';
import { PhotoPreview } from '../view/photo-preview.js';
import { say } from '../view/strings.js';

export class PhotoOffer {
  #heading = el('h2');
  #text = el('p');
  #image = el('img');
  #noPreview = el('p', { className: 'hint', hidden: true });
  #yes = el('button', { type: 'button', className: 'button primary' });
  #no = el('button', { type: 'button', className: 'button' });
  #preview = new PhotoPreview(this.#image, this.#noPreview, () => {});
  /** The portal, for people. */
  #host = '';
  /** @type {((agreed: boolean) => void) | null} */
  #answer = null;
  element = el(
    'section',
    { className: 'offer', hidden: true, 'aria-live': 'polite' },
    this.#heading,
    el('figure', {}, this.#image, this.#noPreview),
    this.#text,
    el('p', { className: 'buttons' }, this.#yes, this.#no),
  );

  constructor() {
    this.#yes.addEventListener('click', () => this.#end(true));
    this.#no.addEventListener('click', () => this.#end(false));
  }

  /**
   * The newest offer is the one that counts: the one before is answered with no.
   *
   * @param {Blob} photo
   * @param {string} host
   * @param {AbortSignal} signal takes the offer back
   * @returns {Promise<boolean>} whether the visitor agreed
   */
  ask(photo, host, signal) {
    this.#end(false);
    this.#host = host;
    this.translate();
    this.#preview.show(photo);
    this.element.hidden = false;
    return new Promise((resolve) => {
      this.#answer = resolve;
      signal.addEventListener('abort', () => this.#answer === resolve && this.#end(false), { once: true });
    });
  }

  translate() {
    this.#heading.textContent = say('offerHeading', { host: this.#host });
    this.#image.alt = say('offerAlt', { host: this.#host });
    this.#noPreview.textContent = say('noPreview');
    this.#text.textContent = say('offerText', { host: this.#host });
    this.#yes.textContent = say('offerYes');
    this.#no.textContent = say('offerNo');
  }

  /** @param {boolean} agreed */
  #end(agreed) {
    this.element.hidden = true;
    this.#preview.forget();
    this.#answer?.(agreed);
    this.#answer = null;
  }
}
