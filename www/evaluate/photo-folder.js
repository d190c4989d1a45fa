// Photos by their paths, as a table of labels names them.

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
  /** @type {Map<string, File>} */
  #files = new Map();
  /** The name of the folder; empty for photos chosen one by one. */
  name = '';

  /** @param {File[]} files */
  constructor(files) {
    this.name = files[0]?.webkitRelativePath.split('/')[0] ?? '';
    for (const file of files) this.#files.set(keyOf(pathOf(file)), file);
  }

  get size() {
    return this.#files.size;
  }

  /** @param {string} path as the table has it: Windows writes it with backslashes */
  find(path) {
    return this.#files.get(keyOf(path)) ?? this.#files.get(keyOf(path.replaceAll('\\', '/').replace(/^\.\//, ''))) ?? null;
  }
}

/** macOS writes the letters of names apart (NFD), Korean ones too, where a table has them whole. @param {string} path */
const keyOf = (path) => path.normalize('NFC');
