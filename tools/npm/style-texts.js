// Writes the style sheets of the widget into the npm package's widget/style-texts.js, in the order of www/widget/style-texts.js.
// Run by ./build.sh package.

import { readFileSync, writeFileSync } from 'node:fs';

const [folder] = process.argv.slice(2);
const path = `${folder}/widget/style-texts.js`;
const names = [...readFileSync(path, 'utf8').matchAll(/new URL\('([^']+\.css)'/g)].map(([, name]) => name);
if (names.length === 0) throw new Error(`${path} names no style sheet`);

const texts = names.map((name) => readFileSync(`${folder}/widget/${name}`, 'utf8'));
writeFileSync(
  path,
  `// The style sheets of the widget as text: ${names.join(', ')}.\n\nexport async function styleTexts() {\n  return ${JSON.stringify(texts, null, 2)};\n}\n`,
);
