// The language of the place where an element stands, also outside the shadow roots that it is in.

/**
 * @param {Element} element
 * @returns {string} the `lang` of the nearest element that has one; empty without one
 */
export function languageOf(element) {
  for (let at = /** @type {Element | null} */ (element); at; at = hostOf(at)) {
    const found = at.closest('[lang]');
    if (found) return found.getAttribute('lang') ?? '';
  }
  return '';
}

/**
 * Calls back when a `lang` changes anywhere around the element.
 *
 * @param {Element} element
 * @param {() => void} changed
 * @returns {() => void} ends it
 */
export function watchLanguage(element, changed) {
  const observer = new MutationObserver(changed);
  for (let at = /** @type {Element | null} */ (element); at; at = hostOf(at)) {
    observer.observe(at.getRootNode(), { attributes: true, attributeFilter: ['lang'], subtree: true });
  }
  return () => observer.disconnect();
}

/** @param {Element} element @returns {Element | null} the host of the shadow root it is in */
function hostOf(element) {
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}
