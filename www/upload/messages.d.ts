/** What photo-worker.js does for the upload page. */
import type { Part } from '../interface/wasm.js';

export interface PhotoCalls {
  /** The part as a PNG file. */
  cut(photo: Blob, part: Part): Blob;
  /** The picture in a DICOM file, as a JPEG or PNG file. */
  open(photo: Blob): Blob;
}
