// Data flows one way: no Rust module uses, over however many others, one that uses it. A crate's root and the modules that
// only gather others by `pub use` are looked through to the file that has the item.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CRATES = ['src', 'crates/dicom/src', 'crates/evaluate/src', 'crates/fhir/src', 'crates/cli/src', 'crates/wgpu-bridge/src'];

/** @param {string} folder @returns {string[]} */
function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : path.endsWith('.rs') ? [path] : [];
  });
}

/** A file's code without comments and tests. @param {string} file */
function codeOf(file) {
  return readFileSync(file, 'utf8')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/#\[cfg\(test\)\]\s*mod \w+ \{[\s\S]*$/m, '');
}

/** The paths of `use` declarations, their groups taken apart. @param {string} code @returns {string[]} */
function usedPaths(code) {
  /** @param {string} tree @returns {string[]} */
  const expand = (tree) => {
    const open = tree.indexOf('{');
    if (open < 0) return [tree.trim().replace(/ as .*/s, '')];
    const inside = tree.slice(open + 1, tree.lastIndexOf('}'));
    const parts = [];
    let [depth, start] = [0, 0];
    for (let i = 0; i <= inside.length; i++) {
      if (inside[i] === '{') depth += 1;
      if (inside[i] === '}') depth -= 1;
      if (i === inside.length || (inside[i] === ',' && depth === 0)) {
        parts.push(inside.slice(start, i).trim());
        start = i + 1;
      }
    }
    return parts.filter((part) => part).flatMap((part) => expand(tree.slice(0, open) + part));
  };
  const declarations = /^\s*(?:pub(?:\([a-z]+\))? )?use ([^;]+);/gm;
  const declared = [...code.matchAll(declarations)].flatMap(([, tree]) => expand(tree));
  const inline = [...code.replace(declarations, '').matchAll(/\b(?:crate|(?:super::)*super)::[a-z]\w*(?:::\w+)*/g)].map(([path]) => path);
  return [...declared, ...inline];
}

/** The file that a path from the crate's root leads to. @param {string} root @param {string[]} path @param {number} [jumps] @returns {string | null} */
function resolve(root, path, jumps = 0) {
  let folder = root;
  let file = join(root, existsSync(join(root, 'lib.rs')) ? 'lib.rs' : 'main.rs');
  let at = 0;
  for (; at < path.length; at++) {
    const [own, inside] = [join(folder, `${path[at]}.rs`), join(folder, path[at], 'mod.rs')];
    if (existsSync(own)) file = own;
    else if (existsSync(inside)) file = inside;
    else break;
    folder = join(folder, path[at]);
  }
  const item = path[at];
  if (!item || jumps > 5) return file;
  // Handed on from another module?
  const handedOn = [...codeOf(file).matchAll(/^\s*pub(?:\([a-z]+\))? use ([^;]+);/gm)]
    .flatMap(([line]) => usedPaths(line))
    .find((from) => from.split('::').at(-1) === item);
  return handedOn ? resolve(root, absolute(root, file, handedOn.split('::')), jumps + 1) : file;
}

/** A path as seen from the crate's root. @param {string} root @param {string} file @param {string[]} path */
function absolute(root, file, path) {
  if (path[0] === 'crate') return path.slice(1);
  const own = relative(root, file).replace(/\.rs$/, '').split('/').filter((part) => !['mod', 'lib', 'main'].includes(part));
  let [module, rest] = [own, path];
  if (rest[0] === 'self') rest = rest.slice(1);
  while (rest[0] === 'super') [module, rest] = [module.slice(0, -1), rest.slice(1)];
  return [...module, ...rest];
}

for (const crate of CRATES) {
  describe(`modules of ${crate}`, () => {
    const root = join(ROOT, crate);
    const files = filesIn(root).filter((file) => !/\/tests(\.rs|\/)|testing\.rs$/.test(file));
    /** @type {Map<string, Set<string>>} */
    const uses = new Map();
    for (const file of files) {
      const folder = /(mod|lib|main)\.rs$/.test(file) ? dirname(file) : file.replace(/\.rs$/, '');
      const known = (/** @type {string} */ name) =>
        ['crate', 'self', 'super'].includes(name) || existsSync(join(folder, `${name}.rs`)) || existsSync(join(folder, name, 'mod.rs'));
      const targets = usedPaths(codeOf(file))
        .map((path) => path.split('::'))
        .filter(([first]) => known(first))
        .map((path) => resolve(root, absolute(root, file, path)))
        .filter((target) => target !== null && target !== file);
      uses.set(file, new Set(/** @type {string[]} */ (targets)));
    }

    test('none uses one that uses it', () => {
      /** @type {Map<string, 'open' | 'done'>} */
      const state = new Map();
      /** @param {string} file @param {string[]} way */
      const visit = (file, way) => {
        if (state.get(file) === 'open') {
          const circle = [...way.slice(way.indexOf(file)), file].map((one) => relative(root, one));
          assert.fail(`a circle: ${circle.join(' -> ')}`);
        }
        if (state.get(file) === 'done') return;
        state.set(file, 'open');
        for (const next of uses.get(file) ?? []) visit(next, [...way, file]);
        state.set(file, 'done');
      };
      for (const file of files) visit(file, []);
      assert.ok([...uses.values()].some((targets) => targets.size > 0), 'no use was found at all');
    });
  });
}
