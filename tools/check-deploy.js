// Looks at a copy of skintree on a web server as browsers will, and says what to change there: ./build.sh check-deploy URL
//
// URL is the folder that dist/ lies in. Exit status 1 if something is wrong. docs/hosting.md has the reasons.

import { createHash } from 'node:crypto';

/** The media type that browsers want, by the ending of a file. @type {Record<string, RegExp>} */
const TYPES = {
  css: /^text\/css/,
  html: /^text\/html/,
  js: /^(text|application)\/javascript/,
  json: /^application\/json/,
  svg: /^image\/svg\+xml/,
  wasm: /^application\/wasm/,
  webmanifest: /^application\/(manifest\+)?json/,
};
/** Endings of what is worth compressing, from this many bytes on. */
const COMPRESSED = new Set(['css', 'html', 'js', 'json', 'wasm']);
const COMPRESSED_FROM = 10_000;
/** What a worker may do is said by the header of its own script, and who may frame the page only by a header. */
const POLICY = 'Content-Security-Policy';
const ASKED_AT_ONCE = 6;

/** @typedef {{path: string, status: number, headers: Headers, bytes: Buffer}} Answer */

class Checks {
  /** @type {{wrong: boolean, text: string}[]} */
  found = [];

  /** @param {string} what @param {string} change what to do */
  wrong(what, change) {
    this.found.push({ wrong: true, text: `${what}: ${change}` });
  }

  /** @param {string} what @param {string} change */
  note(what, change) {
    this.found.push({ wrong: false, text: `${what}: ${change}` });
  }
}

/**
 * @param {URL} folder
 * @param {string} path
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Answer>}
 */
async function ask(folder, path, headers) {
  const url = new URL(path, folder);
  const response = await fetch(url, { redirect: 'manual', headers: { 'accept-encoding': 'br, gzip', ...headers } });
  return { path, status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

/** @param {string} path */
const endingOf = (path) => path.slice(path.lastIndexOf('.') + 1);

/** @param {Buffer} bytes */
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** @param {Answer} answer @param {Checks} checks */
function checkStatus({ path, status, headers }, checks) {
  if (status === 200) return true;
  const to = headers.get('location');
  if (to) checks.wrong(`${path} is answered with a redirect to ${to}`, 'switch off clean URLs (names without .html) and other redirects below this folder');
  else checks.wrong(`${path} is answered with HTTP ${status}`, 'put all of dist/ there');
  return false;
}

/** @param {Answer} answer @param {Checks} checks */
function checkHeaders({ path, headers, bytes }, checks) {
  const ending = endingOf(path);
  const type = headers.get('content-type') ?? '';
  if (TYPES[ending] && !TYPES[ending].test(type)) {
    checks.wrong(`${path} has the type "${type}"`, `let files .${ending} have ${String(TYPES[ending].source).replace(/[\\^]/g, '')}`);
  }
  const encoding = headers.get('content-encoding');
  if (COMPRESSED.has(ending) && bytes.length >= COMPRESSED_FROM && !encoding) {
    checks.note(`${path} is not compressed`, `compress files .${ending} with brotli or gzip`);
  }
  if (ending === 'onnx' && encoding) {
    checks.note(`${path} is compressed`, 'leave it as it is: it gets no smaller, and an interrupted download cannot go on');
  }
  const cache = headers.get('cache-control') ?? '';
  if (ending !== 'onnx' && !/no-cache|no-store|max-age=0/.test(cache)) {
    checks.note(`${path} has "Cache-Control: ${cache}"`, 'send no-cache, or a new version is mixed with an old one for so long');
  }
}

/** @param {URL} folder @param {Checks} checks */
async function checkPage(folder, checks) {
  if (folder.protocol !== 'https:' && !/^(localhost|127\.|\[::1\])/.test(folder.hostname)) {
    checks.wrong(`${folder.protocol}//`, 'serve it over https, or there is no WebGPU, no camera and no use offline');
  }
  const page = await ask(folder, '');
  if (!checkStatus({ ...page, path: folder.pathname }, checks)) return;
  if (!page.bytes.includes('upload/upload.js')) checks.wrong(folder.pathname, 'it is not the page of skintree; give the folder of index.html');
  const missing = await ask(folder, 'no-such-file.js');
  if (missing.status !== 404) {
    checks.wrong(`a file that is not there is answered with HTTP ${missing.status}`, 'answer 404, and not with a page for everything');
  }
  const worker = await ask(folder, 'worker.js');
  const policy = worker.headers.get(POLICY);
  if (!policy) checks.note(`worker.js has no ${POLICY}`, "send the one of index.html's meta tag with every file, so that it holds in workers too");
  else if (!/'wasm-unsafe-eval'/.test(policy)) checks.wrong(`${POLICY} of worker.js forbids WebAssembly`, "add 'wasm-unsafe-eval' to script-src");
  if (worker.headers.get('x-content-type-options') !== 'nosniff') checks.note('X-Content-Type-Options is missing', 'send nosniff');
  checkIsolation(page, worker, checks);
  const frame = await ask(folder, 'embed.html');
  if (!/frame-ancestors/.test(frame.headers.get(POLICY) ?? '')) {
    checks.note('embed.html may be framed by every site', `send "${POLICY}: frame-ancestors 'self' https://portal.example"`);
  }
  if (/DENY/i.test(frame.headers.get('x-frame-options') ?? '')) checks.wrong('embed.html has X-Frame-Options: DENY', 'leave it out; frame-ancestors says who may frame it');
  const tag = worker.headers.get('etag');
  if (tag) {
    const again = await ask(folder, 'worker.js', { 'if-none-match': tag });
    if (again.status !== 304) checks.note('worker.js is sent anew although the browser has it', 'answer If-None-Match with 304');
  }
}

/** @param {Answer} page @param {Answer} worker @param {Checks} checks */
function checkIsolation(page, worker, checks) {
  const [opener, embedder] = ['Cross-Origin-Opener-Policy', 'Cross-Origin-Embedder-Policy'];
  if (page.headers.has(embedder) && !worker.headers.has(embedder)) {
    checks.wrong(`worker.js has no ${embedder}, which the page has`, 'send it with every file, or browsers do not start the worker');
  } else if (!page.headers.has(embedder) || !page.headers.has(opener)) {
    checks.note('the page is not isolated from other origins', `send "${opener}: same-origin" and "${embedder}: require-corp" with every file: without a GPU it then computes in threads`);
  }
}

/**
 * Every file that the page keeps, and the pack.
 *
 * @param {URL} folder
 * @param {Checks} checks
 */
async function checkFiles(folder, checks) {
  const list = await ask(folder, 'precache.js');
  const pack = await ask(folder, 'pack/manifest.json');
  if (![list, pack].every((answer) => checkStatus(answer, checks))) return 0;
  /** @type {{path: string, sha256: string}[]} */
  let files;
  try {
    const text = list.bytes.toString();
    files = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)).files;
    const ofPack = /** @type {{path: string, sha256: string}[]} */ (Object.values(JSON.parse(pack.bytes.toString()).files));
    files = [...files, ...ofPack.map(({ path, sha256 }) => ({ path: `pack/${path}`, sha256 }))];
  } catch {
    checks.wrong('precache.js or pack/manifest.json', 'they are not those of ./build.sh dist; put all of dist/ there anew');
    return 0;
  }
  checkHeaders(list, checks);
  const left = [...files];
  const work = async () => {
    for (let file = left.shift(); file; file = left.shift()) {
      const answer = await ask(folder, file.path);
      if (!checkStatus(answer, checks)) continue;
      checkHeaders(answer, checks);
      if (sha256(answer.bytes) !== file.sha256) {
        checks.wrong(`${file.path} has other bytes than ./build.sh dist made`, 'put all of dist/ there anew, and switch off what changes files on the way (minifying, injected scripts)');
      }
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
  const model = files.find(({ path }) => path.endsWith('.onnx'));
  const part = model && (await ask(folder, model.path, { range: 'bytes=0-9' }));
  if (part && part.status !== 206) checks.note(`${part.path} is not sent in parts`, 'answer Range, so that an interrupted download goes on');
  return files.length;
}

const given = process.argv[2];
if (!given || !URL.canParse(given)) {
  console.error('Give the address of a copy of skintree: ./build.sh check-deploy https://example.org/skintree/');
  process.exit(2);
}
const folder = new URL(given.endsWith('/') ? given : `${given}/`);
const checks = new Checks();
try {
  await checkPage(folder, checks);
  const count = await checkFiles(folder, checks);
  const sorted = checks.found.sort((a, b) => Number(b.wrong) - Number(a.wrong));
  for (const { wrong, text } of sorted) console.log(`${wrong ? 'wrong' : 'better'}  ${text}`);
  const wrong = sorted.filter((one) => one.wrong).length;
  console.log(`${folder}: ${count} files looked at, ${wrong} things wrong, ${sorted.length - wrong} that could be better`);
  process.exitCode = wrong ? 1 : 0;
} catch (error) {
  const { message, cause } = /** @type {Error} */ (error);
  console.error(`${folder} does not answer: ${cause instanceof Error ? cause.message : message}`);
  process.exitCode = 1;
}
