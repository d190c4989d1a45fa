import type { Part } from '../interface/wasm.js';
import type { Drawing } from './drawn-spots.js';

/** What photo-worker.js does for the upload page. */
export interface PhotoCalls {
  /** The part as a PNG file. */
  cut(photo: Blob, part: Part): Blob;
  /** The picture in a DICOM file, as a JPEG or PNG file. */
  open(photo: Blob): Blob;
}

/** What drawing-worker.js does. */
export interface DrawingCalls {
  paint(drawing: Drawing, width: number, height: number): Uint8ClampedArray<ArrayBuffer>;
  /** Nothing but using them once. */
  numbers(language: string): void;
}
