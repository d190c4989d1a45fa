// From a photo's file to bytes that the classifier decodes.

import { isDicom } from './dicom-mark.js';
import { SkintreeError, messageOf } from './errors.js';
import { MOST_BYTES } from './photo-limits.js';
import { startModule } from './wasm-module.js';

/** @import {DicomModule} from './wasm.js' */

/** @param {Blob} blob */
export async function readBlob(blob) {
  // The wasm side would refuse it too, but only once a film of gigabytes were in memory.
  if (blob.size > MOST_BYTES) {
    throw new SkintreeError('photo-too-large', `the photo has ${blob.size} bytes, more than the ${MOST_BYTES} allowed; save it smaller`);
  }
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    // The file was moved or changed after it was chosen, or lies in a cloud folder that is offline.
    throw new SkintreeError('photo-broken', `the file cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/**
 * The picture in a DICOM file, and any other file as it is. The module that reads DICOM is only fetched when one comes.
 *
 * @param {Uint8Array} bytes
 */
export async function decodable(bytes) {
  return isDicom(bytes) ? (await startDicomModule()).photoFile(bytes) : bytes;
}

/** @returns {Promise<DicomModule>} */
function startDicomModule() {
  // @ts-ignore: made by the build
  return startModule('../pkg/skintree_dicom', () => import('../pkg/skintree_dicom.js'));
}
