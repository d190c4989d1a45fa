// The service worker: keeps the files of the page, so that it opens without network. The model is not among them; it
// has a store of its own (pack-store.js).
//
// precache.js is made by ./build.sh dist and lists every file with its SHA-256. Files are kept by hash, so a new
// version fetches only what has changed, and the old one stays whole until nobody uses it.

/** @typedef {{version: string, files: {path: string, sha256: string, later?: true, gpu?: boolean}[]}} Precache */

const worker = /** @type {ServiceWorkerGlobalScope & {skintreePrecache: Precache}} */ (/** @type {unknown} */ (self));
importScripts('precache.js');
const { version, files } = worker.skintreePrecache;

const SCOPE = new URL('./', location.href).href;
// Of this copy alone, as `ofCopy` in interface/copy.js names it: another one on the origin has files of its own.
const CACHE = `skintree-app/2 ${SCOPE}`;
const SHARE_URL = `${SCOPE}share`;

/** The key of each file, by the address it is asked for. */
const keys = new Map(files.map(({ path, sha256 }) => [SCOPE + path, `${SCOPE}${path}?sha256=${sha256}`]));
const start = keys.get(`${SCOPE}index.html`);
if (start) keys.set(SCOPE, start);

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(removeOld()));

/** A file that fails to come, or differs, fails the installation, and the old version stays. */
async function install() {
  const adapter = await /** @type {any} */ (navigator).gpu?.requestAdapter().catch(() => null);
  await Promise.all(filesFor(Boolean(adapter)).map(store));
}

/** What devices with a GPU, or without one, keep from the beginning. */
function filesFor(/** @type {boolean} */ device) {
  return files.filter(({ later, gpu }) => !later && (gpu === undefined || gpu === device));
}

/** @param {Precache['files'][number]} file */
async function store({ path, sha256 }) {
  const cache = await caches.open(CACHE);
  const url = SCOPE + path;
  const key = /** @type {string} */ (keys.get(url));
  if (await cache.match(key)) {
    return;
  }
  // The browser itself checks the hash.
  const response = await fetch(url, { cache: 'no-cache', integrity: integrityOf(sha256) });
  if (!response.ok) {
    throw new Error(`${url}: HTTP ${response.status}`);
  }
  // A page may not be opened with an answer that was redirected, as some servers do for index.html.
  const { headers } = response;
  await cache.put(key, response.redirected ? new Response(await response.blob(), { headers }) : response);
}

async function removeOld() {
  const cache = await caches.open(CACHE);
  const wanted = new Set(keys.values());
  const all = await cache.keys();
  await Promise.all(all.filter(({ url }) => !wanted.has(url)).map((request) => cache.delete(request)));
  await worker.clients.claim();
}

/** @param {string} sha256 in hex */
function integrityOf(sha256) {
  const bytes = (sha256.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  return `sha256-${btoa(String.fromCharCode(...bytes))}`;
}

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method === 'POST' && url.href === SHARE_URL) {
    event.respondWith(takeShared(request));
    return;
  }
  const key = request.method === 'GET' ? keys.get(url.origin + url.pathname) : undefined;
  if (key) {
    event.respondWith(answer(key, request));
  }
});

/**
 * @param {string} key
 * @param {Request} request
 */
async function answer(key, request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(key);
  if (kept) return kept;
  // Gone if the browser needed the space, or one that is kept when it is first used.
  const file = files.find(({ path }) => keys.get(SCOPE + path) === key);
  if (file?.later || file?.gpu !== undefined) await store(file).catch(() => {});
  return (await cache.match(key)) ?? fetch(request);
}

/**
 * Whether every file is still there: browsers may delete single ones. Of the wasm modules with and without the GPU engine one is enough
 * (interface/classifier-module.js). No adapter is asked for, as pages ask this whenever they are opened.
 */
async function areKept() {
  const cache = await caches.open(CACHE);
  const found = new Set((await cache.keys()).map(({ url }) => url));
  return [true, false].some((gpu) => filesFor(gpu).every(({ path }) => found.has(String(keys.get(SCOPE + path)))));
}

/** Shared photos on their way from the phone's gallery to the page: in memory only. @type {File[]} */
let shared = [];

/** @param {Request} request */
async function takeShared(request) {
  const form = await request.formData();
  shared = form.getAll('photo').filter((part) => part instanceof File);
  return Response.redirect(`${SCOPE}?shared`, 303);
}

worker.addEventListener('message', (event) => {
  const { data, ports } = event;
  if (data === 'skip-waiting') {
    event.waitUntil(worker.skipWaiting());
  } else if (data === 'version') {
    ports[0]?.postMessage(version);
  } else if (data === 'store') {
    event.waitUntil(install().then(areKept, () => false).then((kept) => ports[0]?.postMessage(kept)));
  } else if (data === 'kept') {
    event.waitUntil(areKept().then((kept) => ports[0]?.postMessage(kept)));
  } else if (data === 'shared') {
    ports[0]?.postMessage(shared);
    shared = [];
  }
});
