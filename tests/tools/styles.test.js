// report.html cannot load the stylesheet of the pages, so it repeats some of its tokens: they are the same.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

/** @param {string} path */
function tokensOf(path) {
  const css = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  return Object.fromEntries([...css.matchAll(/^\s*(--[\w-]+): ([^;]+);/gm)].map(([, name, value]) => [name, value]));
}

test('the tokens of report.html are those of the pages', () => {
  const [own, pages] = ['crates/evaluate/src/page.css', 'www/view/theme.css'].map(tokensOf);
  assert.ok(Object.keys(own).length > 10);
  for (const [name, value] of Object.entries(own)) assert.equal(value, pages[name], name);
});
