// The chosen photos, and which of them a table of labels names.

/**
 * @import {Failure} from '../interface/messages.js'
 * @import {LocatedPhoto} from '../interface/wasm.js'
 */

/**
 * The path of a chosen file within the chosen folder.
 *
 * @param {File} file
 */
export function pathOf({ name, webkitRelativePath }) {
  // It begins with the name of the folder itself.
  return webkitRelativePath ? webkitRelativePath.slice(webkitRelativePath.indexOf('/') + 1) : name;
}

export class PhotoFolder {
  /** @type {File[]} */
  #files;
  /** The photos of a table, by the path that it has. @type {Map<string, File>} */
  #found = new Map();
  /** @type {Map<string, string>} */
  #failures = new Map();
  /** @type {Map<string, Failure>} */
  #broken = new Map();
  /** The name of the folder; empty for photos chosen one by one. */
  name = '';

  /** @param {File[]} files */
  constructor(files) {
    this.name = files[0]?.webkitRelativePath.split('/')[0] ?? '';
    this.#files = files;
  }

  get size() {
    return this.#files.length;
  }

  /** Of all files, within the folder. */
  get paths() {
    return this.#files.map(pathOf);
  }

  /**
   * Takes up which of its files the photos of a table are.
   *
   * @param {string[]} wanted as the table has them
   * @param {LocatedPhoto[]} located
   */
  locate(wanted, located) {
    this.#found.clear();
    this.#failures.clear();
    for (const [index, path] of wanted.entries()) {
      const { place, failure } = located[index];
      if (typeof place === 'number') this.#found.set(path, this.#files[place]);
      else this.#failures.set(path, failure ?? '');
    }
  }

  /** @param {string} path as the table has it */
  find(path) {
    return this.#found.get(path) ?? null;
  }

  /** It, or why it cannot be used. @param {string} path as the table has it @returns {File | Failure} */
  photoOrFailure(path) {
    const missing = () => ({ code: 'photo-missing', message: this.#failures.get(path) ?? '' });
    return this.#broken.get(path) ?? this.find(path) ?? missing();
  }

  /** A photo that the decoder does not survive. @param {string} path as the table has it @param {Failure} failure */
  breaks(path, failure) {
    this.#broken.set(path, failure);
  }
}
