// The ways in which photos come into a page: chosen, dropped, pasted.

/**
 * @typedef {object} PhotoHandlers
 * @property {() => void} prepare someone reaches for a photo: the model may start to load
 * @property {(files: File[]) => void} addPhotos
 */

/**
 * @param {HTMLInputElement} input
 * @param {(files: File[]) => unknown} take gets none if the choice was given up
 */
export function onFiles(input, take) {
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    // Else choosing the same file again would be no change.
    input.value = '';
    take(files);
  });
}

/**
 * Photos chosen with an input. The model starts to load when someone reaches for a photo: by the time one is chosen much of
 * it is there, and those who only came to read don't pay tens of megabytes of their phone contract.
 *
 * @param {HTMLInputElement} input
 * @param {PhotoHandlers} handlers
 */
export function onChosen(input, { prepare, addPhotos }) {
  input.addEventListener('click', prepare);
  onFiles(input, addPhotos);
}

/** More files than this are not looked at by anybody; the page that evaluates is for them. */
const MOST_FILES = 1000;
/** Systems put these into folders of photos. */
const OF_SYSTEMS = /^(\..*|thumbs\.db|desktop\.ini)$/i;

/**
 * Whether a file says that it is something else than a picture. Many pictures say nothing: HEIC on most systems, files without
 * ending, DICOM; those are told by their bytes.
 *
 * @param {File} file
 */
export function isOther({ type }) {
  return type !== '' && !/^(image\/|application\/(dicom|octet-stream)$)/.test(type);
}

/**
 * All files that were dropped, also those in folders, in the order of their paths.
 *
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
async function filesOf(transfer) {
  // Read before anything is waited for: it is empty afterwards.
  const files = [...transfer.files];
  const entries = [...(transfer.items ?? [])].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) {
    return files;
  }
  /** @type {File[]} */
  const found = [];
  for (const entry of entries) if (entry) await walk(entry, found);
  return found;
}

/** @param {FileSystemEntry} entry @param {File[]} found */
async function walk(entry, found) {
  if (found.length >= MOST_FILES || OF_SYSTEMS.test(entry.name)) {
    return;
  }
  if (entry.isFile) {
    const file = await new Promise((resolve) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, () => resolve(null)));
    // One that cannot be read is given all the same, so that it is named.
    found.push(file ?? new File([], entry.name));
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {FileSystemEntry[]} */
  const children = [];
  // It gives a hundred at a time, and none at the end.
  for (;;) {
    const some = await new Promise((/** @type {(some: FileSystemEntry[]) => void} */ resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) break;
    children.push(...some);
  }
  children.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const child of children) await walk(child, found);
}

/**
 * Photos dropped on something or pasted while the focus is in it.
 *
 * @param {EventTarget} target
 * @param {HTMLElement} marked has the class `dragging` while files hover over the target
 * @param {PhotoHandlers} handlers
 */
export function onDropped(target, marked, { prepare, addPhotos }) {
  /** @param {string} type @param {(event: any) => void} listener */
  const on = (type, listener) => target.addEventListener(type, listener);
  const bringsFiles = (/** @type {DragEvent} */ { dataTransfer }) => dataTransfer?.types.includes('Files') ?? false;
  on('dragover', (/** @type {DragEvent} */ event) => {
    if (event.dataTransfer && bringsFiles(event)) {
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      marked.classList.add('dragging');
      prepare();
    }
  });
  on('dragleave', (/** @type {DragEvent} */ { relatedTarget }) => {
    if (!marked.contains(/** @type {Node | null} */ (relatedTarget))) marked.classList.remove('dragging');
  });
  on('drop', (/** @type {DragEvent} */ event) => {
    marked.classList.remove('dragging');
    if (event.dataTransfer && bringsFiles(event)) {
      event.preventDefault();
      void filesOf(event.dataTransfer).then(addPhotos);
    }
  });
  on('paste', (/** @type {ClipboardEvent} */ event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) {
      event.preventDefault();
      addPhotos(files);
    }
  });
}
