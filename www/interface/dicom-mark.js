// Tells DICOM files by their bytes, as src/photo.rs does.

const START = 128;
const MARK = 'DICM';

/** @param {Uint8Array} bytes of a file */
export function isDicom(bytes) {
  return String.fromCharCode(...bytes.subarray(START, START + MARK.length)) === MARK;
}

/** @param {Blob} file */
export async function isDicomFile(file) {
  const head = await file.slice(0, START + MARK.length).arrayBuffer().catch(() => null);
  return head !== null && isDicom(new Uint8Array(head));
}
