// A photo on the page, and how far it is.

/**
 * @import {Report, SkintreeError} from '../skintree.js'
 * @import {Trouble} from '../interface/session.js'
 */

/**
 * @typedef {object} PhotoItem
 * @property {number} id
 * @property {string} name
 * @property {Blob | null} original as it was given; `null` for an answer out of the history
 * @property {Blob | null} source what the model is asked about
 * @property {string | null} thumbnail
 * @property {'framing' | 'waiting' | 'running' | 'done' | 'failed'} state
 * @property {string} [photoKind] the kind of photo that the visitor has named
 * @property {Report | null} report
 * @property {{kind: Trouble, error: SkintreeError, again: () => void} | null} trouble
 */

let lastId = 0;

/**
 * @param {string} name
 * @param {Blob | null} photo
 * @param {Partial<PhotoItem>} [rest]
 * @returns {PhotoItem}
 */
export function photoItem(name, photo, rest = {}) {
  return { id: ++lastId, name, original: photo, source: photo, thumbnail: null, state: 'waiting', report: null, trouble: null, ...rest };
}
