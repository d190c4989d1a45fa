// The commands in README.md, docs/ and the other documents: those of the command-line tool that need only what is in
// this repository are run; of all others, the files, tests, options and steps that they name must exist. So must what
// links and CONTRIBUTING.md name.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { anchor } from '../../docs/site/anchor.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SKINTREE = process.env.SKINTREE_BIN ?? join(ROOT, process.env.CARGO_TARGET_DIR ?? 'target', 'debug/skintree');

/** The changelog names commands as they were; source/card.md is a template of CARD.md. */
const NOT_READ = ['CHANGELOG.md', 'model/source/card.md'];

const DOCUMENTS = ['.', 'docs', 'model', 'model/source', 'model/taxonomy', 'model/train', 'tests', 'benches', 'tools']
  .filter((folder) => existsSync(join(ROOT, folder)))
  .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => normalize(join(folder, name))))
  .filter((path) => path.endsWith('.md') && !NOT_READ.includes(path));

/** Placeholders of a usage line, and data sets that are not in the repository. */
const NEEDS_MORE = /\b[A-Z]{3,}\b|\.\.\/shared/;

/** How a command of ours starts. */
const OURS = /^(\w+=\S+ )*(cargo|node|skintree|python -m skintree_train|\.\/build\.sh) |^cd /;

/**
 * @param {string} markdown
 * @returns {string[]} Its shell commands: those in `sh` blocks and in blocks without a language that start with one, and
 *   code spans.
 */
function commands(markdown) {
  /** @type {string[]} */
  const found = [];
  /** @type {string[]} */
  const prose = [];
  /** @type {string[] | null} */
  let block = null;
  let language = '';
  for (const line of markdown.split('\n')) {
    const fence = /^```(\w*)/.exec(line);
    if (fence && block) {
      if (language === 'sh' || (language === '' && OURS.test(block[0]))) found.push(...shellLines(block.join('\n')));
      block = null;
    } else if (fence) {
      language = fence[1];
      block = [];
    } else {
      (block ?? prose).push(line);
    }
  }
  assert.equal(block, null, 'a code block has no end');
  for (const [, span] of prose.join('\n').matchAll(/`([^`]+)`/g)) found.push(span.replaceAll('\n', ' '));
  return found.filter((command) => OURS.test(command));
}

/** @param {string} script */
function shellLines(script) {
  return script
    .replaceAll(/\\\n\s*/g, '')
    .replaceAll(/ -c "[^"]*"/g, ' -c')
    .split('\n')
    .map((line) => line.replace(/(^|\s)# .*$/, '').trim())
    .flatMap((line) => line.split(/\s*&&\s*/))
    .filter(Boolean);
}

/**
 * @param {string} command
 * @returns {string[] | null} The arguments of the command-line tool, if that is what the command runs.
 */
function toolArguments(command) {
  const match = /^(?:skintree|cargo run(?! .*--(?:example|bench|bin|manifest-path)).*? --) (.*)$/.exec(command);
  return match && (match[1].match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));
}

/** @param {string[]} args */
const run = (args, cwd = ROOT) => execFileSync(SKINTREE, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** @type {Map<string, string>} */
const helps = new Map();

/** @param {string[]} args Of the command-line tool, whose subcommand and options must exist. */
function checkOptions(args) {
  const words = args[0] === 'taxonomy' && args[1] ? args.slice(0, 2) : args.slice(0, 1);
  const key = words.join(' ');
  if (!helps.has(key)) helps.set(key, run([...words, '--help']));
  for (const option of args.filter((word) => word.startsWith('-'))) {
    const name = option.replace(/=.*/, '');
    assert.match(/** @type {string} */ (helps.get(key)), new RegExp(`(^|[\\s,])${name}\\b`, 'm'), `skintree ${key} has no option ${name}`);
  }
}

/** @param {string} kind @param {string} name */
function checkTarget(kind, name) {
  const folder = { test: 'tests', example: 'examples', bench: 'benches' }[kind] ?? kind;
  const rooms = ['.', ...readdirSync(join(ROOT, 'crates')).map((crate) => `crates/${crate}`)];
  const paths = rooms.flatMap((room) => [`${room}/${folder}/${name}.rs`, `${room}/${folder}/${name}/main.rs`]);
  assert.ok(paths.some((path) => existsSync(join(ROOT, path))), `no --${kind} ${name}`);
}

/** @param {string} command One that is not run. */
function checkNames(command) {
  const words = command.replace(/^(\w+=\S+ )*/, '').split(/\s+/);
  const [program, ...rest] = words;
  if (program === './build.sh') {
    assert.match(execFileSync('./build.sh', ['help'], { cwd: ROOT, encoding: 'utf8' }), new RegExp(`^\\./build\\.sh ${rest[0]} `, 'm'));
  } else if (program === 'node') {
    const scripts = rest.filter((word) => /^(tests|tools|benches|docs)\//.test(word));
    assert.ok(scripts.length > 0, 'names no script');
    for (const script of scripts) assert.ok(existsSync(join(ROOT, script)), `${script} is missing`);
  } else if (program === 'cargo') {
    for (const [, kind, name] of command.matchAll(/ --(test|example|bench) (\w+)/g)) checkTarget(kind, name);
    const manifest = / --manifest-path (\S+)/.exec(command);
    if (manifest) assert.ok(existsSync(join(ROOT, manifest[1])), `${manifest[1]} is missing`);
  } else if (command.includes('-m skintree_train ')) {
    const step = /** @type {RegExpExecArray} */ (/-m skintree_train (\w+)/.exec(command))[1];
    const package_ = join(ROOT, 'model/train/skintree_train');
    const source = readdirSync(package_, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.py'));
    const steps = source.map((name) => readFileSync(join(package_, name), 'utf8')).join('\n');
    assert.ok(step === 'STEP' || new RegExp(`\\bdef step_${step}\\b`).test(steps), `skintree_train has no step ${step}`);
  } else if (program === 'cd' && !rest[0].startsWith('-')) {
    assert.ok(existsSync(join(ROOT, rest[0])), `${rest[0]} is missing`);
  }
}

/** What the examples name: a photo, a taxonomy, counts, and a folder of photos with a table of labels. */
const folder = mkdtempSync(join(tmpdir(), 'skintree-docs-'));
after(() => rmSync(folder, { recursive: true }));
symlinkSync(join(ROOT, 'model'), join(folder, 'model'));
symlinkSync(join(ROOT, 'tests'), join(folder, 'tests'));
copyFileSync(join(ROOT, 'tests/golden/landscape-640x481.png'), join(folder, 'photo.jpg'));
copyFileSync(join(ROOT, 'model/pack/taxonomy.json'), join(folder, 'taxonomy.json'));
writeFileSync(join(folder, 'counts.json'), JSON.stringify({ schema: 'skintree.counts/1', images: { mel: 4595, nv: 310 } }));
const photos = readdirSync(join(ROOT, 'tests/golden')).filter((name) => /^[^.]+\.png$/.test(name));
mkdirSync(join(folder, 'photos'));
for (const name of photos) copyFileSync(join(ROOT, 'tests/golden', name), join(folder, 'photos', name));
writeFileSync(join(folder, 'labels.csv'), ['file,label', ...photos.map((name, i) => `${name},${i % 2 ? 'mel' : 'nv'}`)].join('\n'));

/** @param {string} path @param {string} target Of a link in it. */
function checkLink(path, target) {
  const [file, name] = target.split('#');
  const full = file ? join(ROOT, path, '..', file) : join(ROOT, path);
  assert.ok(existsSync(full), `${target} is missing`);
  if (!name || !full.endsWith('.md')) return;
  const headings = [...readFileSync(full, 'utf8').matchAll(/^#+ (.*)$/gm)].map((match) => anchor(match[1]));
  assert.ok(headings.includes(name), `${target}: ${file || path} has no such heading`);
}

test('links between documents lead somewhere', () => {
  for (const path of DOCUMENTS) {
    const prose = readFileSync(join(ROOT, path), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
    for (const [, target] of prose.matchAll(/\]\(((?!https?:)[^)]+)\)/g)) {
      try {
        checkLink(path, target);
      } catch (error) {
        throw new Error(`${path}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
  }
});

test('files that CONTRIBUTING.md names exist', () => {
  const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const paths = [...text.matchAll(/`((?:src|crates|www|model|tests|benches|tools|docs|examples)\/[\w./-]*)`/g)].map((match) => match[1]);
  assert.ok(paths.length > 20);
  assert.deepEqual(paths.filter((path) => !existsSync(join(ROOT, path))), []);
});

for (const path of DOCUMENTS) {
  const all = [...new Set(commands(readFileSync(join(ROOT, path), 'utf8')))];
  const ours = all.map((command) => ({ command, args: toolArguments(command) }));
  const runs = ours.filter(({ command, args }) => args && !command.startsWith('skintree') && !NEEDS_MORE.test(command));
  if (all.length === 0) continue;
  describe(path, () => {
    for (const { command, args } of runs) {
      test(`\`${command}\` runs`, () => {
        const list = /** @type {string[]} */ (args);
        // No output takes the place of what is there: the taxonomy that other examples read, and what an earlier test has made.
        const output = list.findIndex((word) => word === '-o' || word === '--output');
        if (list[output + 1]?.endsWith('.json')) rmSync(join(folder, list[output + 1]), { force: true });
        run(list, folder);
      });
    }
    test('all commands name what there is', () => {
      for (const { command, args } of ours) {
        try {
          if (args) checkOptions(args);
          else checkNames(command);
        } catch (error) {
          throw new Error(`\`${command}\`: ${error instanceof Error ? error.message : error}`, { cause: error });
        }
      }
    });
  });
}
