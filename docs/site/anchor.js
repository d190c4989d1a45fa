/**
 * The anchor that GitHub gives a heading, for links that work there and on the site.
 *
 * @param {string} heading
 */
export function anchor(heading) {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
}
