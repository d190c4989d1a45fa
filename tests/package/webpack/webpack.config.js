import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(path, import.meta.url));

mkdirSync(at('../dist/webpack'), { recursive: true });
copyFileSync(at('index.html'), at('../dist/webpack/index.html'));

export default {
  mode: 'production',
  entry: at('../page.js'),
  output: { path: at('../dist/webpack') },
  performance: { hints: false },
  // As most have it: what is imported as a style sheet becomes a script.
  module: { rules: [{ test: /\.css$/, use: ['style-loader', 'css-loader'] }] },
};
