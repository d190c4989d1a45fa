// The files that the npm package has besides those of the site say what is so.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Ajv } from 'ajv';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (/** @type {string} */ path) => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(read('tools/npm/custom-elements.json'));
const [element] = manifest.modules[0].declarations;
const names = (/** @type {{name: string}[]} */ list) => list.map(({ name }) => name).sort();
const found = (/** @type {string} */ text, /** @type {RegExp} */ what) => [...new Set([...text.matchAll(what)].map(([, name]) => name))].sort();

test('the version is that of the crates', () => {
  const [, version] = /^\[package\][^[]*?^version = "([^"]+)"/m.exec(read('Cargo.toml')) ?? [];
  assert.equal(JSON.parse(read('tools/npm/package.json')).version, version);
});

test('custom-elements.json is valid', () => {
  const schema = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('custom-elements-manifest/schema.json'), 'utf8'));
  const validate = new Ajv({ strict: false }).compile(schema);
  assert.ok(validate(manifest), JSON.stringify(validate.errors));
});

test('custom-elements.json describes the element as it is', () => {
  const widget = read('www/widget.js');
  const [, typed] = /export class SkintreeWidget[^{]*{(.*?)^}/ms.exec(read('www/widget.d.ts')) ?? [];
  const code = ['www/widget.js', ...readdirSync(join(ROOT, 'www/widget')).filter((name) => name.endsWith('.js')).map((name) => `www/widget/${name}`)].map(read).join('\n');

  assert.deepEqual(names(element.attributes).filter((name) => name !== 'lang'), found(widget, /(?:get|has|toggle)Attribute\('([\w-]+)'/g));
  assert.deepEqual(names(element.members), found(typed, /^ {2}(?:get )?(?!static|addEvent|removeEvent)(\w+)[(:]/gm));
  assert.deepEqual(names(element.events), found(read('www/widget.d.ts'), /^ {2}(\w+): CustomEvent</gm));
  assert.deepEqual(names(element.slots), found(code, /el\('slot', { name: '([\w-]+)'/g));
  assert.deepEqual(names(element.cssParts), [...new Set(found(code, /\bpart: '([^']+)'/g).flatMap((part) => part.split(' ')))].sort());
  const [, properties] = /Colours are custom properties(.*?)Whoever changes them/s.exec(read('docs/widget.md')) ?? [];
  assert.deepEqual(names(element.cssProperties), found(properties, /`(--[\w-]+)`/g));
});
