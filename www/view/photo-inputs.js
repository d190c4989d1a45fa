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
      addPhotos([...event.dataTransfer.files]);
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
