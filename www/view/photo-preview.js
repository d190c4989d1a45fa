// A photo as the browser draws it, or a note where it cannot or should not.

import { isTooLarge } from '../interface/bitmap.js';

export class PhotoPreview {
  #image;
  #note;
  #onHidden;
  /** @type {Blob | null} */
  #source = null;

  /**
   * @param {HTMLImageElement} image
   * @param {HTMLElement} note stands in its place
   * @param {() => void} onHidden the note has come: what cannot be drawn can be neither cropped nor covered with a map
   */
  constructor(image, note, onHidden) {
    this.#image = image;
    this.#note = note;
    this.#onHidden = onHidden;
    image.addEventListener('error', () => this.#hide());
    image.addEventListener('load', () => {
      if (this.#source && isTooLarge(this.#source, image)) this.#hide();
    });
  }

  /** Whether it is drawn, as far as is known. */
  get drawn() {
    return this.#note.hidden;
  }

  /** @param {Blob | string} source a photo, or the URL of a picture */
  show(source) {
    this.forget();
    this.#source = source instanceof Blob ? source : null;
    this.#image.src = source instanceof Blob ? URL.createObjectURL(source) : source;
    this.#image.hidden = false;
    this.#note.hidden = true;
  }

  /** Lets go of the picture. */
  forget() {
    URL.revokeObjectURL(this.#image.src);
    this.#image.removeAttribute('src');
    this.#source = null;
  }

  #hide() {
    this.forget();
    this.#image.hidden = true;
    this.#note.hidden = false;
    this.#onHidden();
  }
}
