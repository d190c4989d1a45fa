/** What cut-worker.js does for the upload page. */
import type { Part } from '../interface/wasm.js';

export interface CutCalls {
  /** The part as a PNG file. */
  cut(photo: Blob, part: Part): Blob;
}
