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
    for (const file of files) this.#files.set(pathOf(file), file);
  }

  get size() {
    return this.#files.size;
  }

  /** @param {string} path as the table has it: Windows writes it with backslashes */
  find(path) {
    return this.#files.get(path) ?? this.#files.get(path.replaceAll('\\', '/').replace(/^\.\//, '')) ?? null;
  }
}
