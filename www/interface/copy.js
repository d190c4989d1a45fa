// Which copy of skintree this is. Several may lie on one origin, in folders of their own, such as a test version beside the
// one in use: what one of them stores, changes or removes must not be another's.

/** The folder this copy lies in. Not made by `new URL`, which bundlers take for a file to take along. */
export const COPY = `${import.meta.url.split('/').slice(0, -2).join('/')}/`;

/**
 * The name of a cache, a database or a setting that belongs to this copy alone.
 *
 * @param {string} name
 */
export function ofCopy(name) {
  return `skintree-${name} ${COPY}`;
}
