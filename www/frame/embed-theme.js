// Light, dark, or as the system has it: which of the two colours of each light-dark() in theme.css a page shows.

/** @typedef {'light' | 'dark' | 'auto'} Theme */

/**
 * @param {unknown} wish
 * @returns {Theme | null} `null` if it is none
 */
export function themeOf(wish) {
  return wish === 'light' || wish === 'dark' || wish === 'auto' ? wish : null;
}

/** Sets the scheme of this page; widgets on it follow. @param {Theme} theme */
export function setTheme(theme) {
  document.documentElement.style.colorScheme = theme === 'auto' ? 'light dark' : theme;
}
