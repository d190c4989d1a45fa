// Writes dist/integrity.json: a hash of every script and style sheet, in the form of the part `integrity` of an import map. Run by
// ./build.sh dist; docs/hosting.md says what it is good for.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const DIST = 'dist';

const hashes = readdirSync(DIST, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(js|css)$/.test(path))
  .sort()
  .map((path) => [path, `sha384-${createHash('sha384').update(readFileSync(`${DIST}/${path}`)).digest('base64')}`]);
writeFileSync(`${DIST}/integrity.json`, `${JSON.stringify(Object.fromEntries(hashes), null, 1)}\n`);
