/**
 * Makes an element. Properties are set as properties (`className`, `hidden`), names with a dash as attributes
 * (`aria-label`), so nothing is ever parsed as HTML: names and notes come from a model pack.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-')) element.setAttribute(name, String(value));
    else Object.assign(element, { [name]: value });
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) {
    throw new Error(`the page has no ${type.name} #${id}`);
  }
  return element;
}

/**
 * Scrolls to an element, smoothly unless the visitor wants no motion.
 *
 * @param {Element} element
 * @param {ScrollLogicalPosition} block where it shall stand
 */
export function scrollTo(element, block) {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  element.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block });
}

/**
 * A bar that shows a share; what it says must stand beside it in words.
 *
 * @param {number} share 0 to 1
 */
export function bar(share) {
  const element = el('span', { className: 'bar', 'aria-hidden': true });
  // Through the object model, which the page's Content-Security-Policy allows; a style attribute it would not.
  element.style.setProperty('--share', String(share));
  return element;
}

/**
 * A part of the page below a heading: open where there is room, folded to its heading on a phone.
 *
 * @param {string} className
 * @param {string} heading
 * @param {...(Node | string | null)} content
 * @returns {HTMLDetailsElement}
 */
export function fold(className, heading, ...content) {
  const part = el('details', { className: `fold ${className}` }, el('summary', {}, el('h3', {}, heading)), ...content);
  part.open = matchMedia('(min-width: 48rem)').matches;
  return part;
}

/** In a task of its own after the next frame is drawn, or soon where none is, as in a page out of sight. @returns {Promise<void>} */
export function nextFrame() {
  return new Promise((resolve) => {
    const without = setTimeout(resolve, 100);
    requestAnimationFrame(() => {
      clearTimeout(without);
      setTimeout(resolve);
    });
  });
}
