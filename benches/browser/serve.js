// What the bench's pages are served: the built site, the other runtimes, and the model as tfjs wants it.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

import sirv from 'sirv';

import { readOnnx } from './onnx.js';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

const DIST = here('../../dist');
/** What benches/peers/models.py has written. */
export const PEERS = here('../../tests/output/peers');
const { nodes, weights, multiplyAccumulates } = readOnnx(readFileSync(`${DIST}/pack/model.onnx`));
const GRAPH = JSON.stringify({ nodes, weights: weights.map(({ name, dims, values }) => ({ name, dims, length: values.length })) });
const WEIGHTS = Buffer.concat(weights.map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)));
// LiteRT.js imports its helpers as a package.
const IMPORTS = JSON.stringify({ imports: { '@litertjs/wasm-utils': '/npm/@litertjs/wasm-utils/dist/index.js' } });
const PAGE = `<!doctype html><title>bench</title><link rel="icon" href="data:,"><script type="importmap">${IMPORTS}</script><script type="module" src="/peers.js"></script>`;

/** @type {Record<string, [string, string | Buffer]>} */
const ROUTES = {
  '/': ['text/html', PAGE],
  '/peers.js': ['text/javascript', readFileSync(here('peers.js'))],
  '/tfjs-graph.js': ['text/javascript', readFileSync(here('tfjs-graph.js'))],
  '/photo.png': ['image/png', readFileSync(here('../../tests/golden/exact-299x299.png'))],
  '/graph.json': ['application/json', GRAPH],
  '/weights.bin': ['application/octet-stream', WEIGHTS],
};
const FOLDERS = /** @type {[string, ReturnType<typeof sirv>][]} */ ([
  ['/ort', sirv(here('../../node_modules/onnxruntime-web/dist'))],
  ['/npm', sirv(here('node_modules'))],
  ['/peers', sirv(PEERS, { dev: true })],
  ['/cpu-engines', sirv(here('../../tests/output/cpu-engines'), { dev: true })],
  ['', sirv(DIST)],
]);

/** Operations of a run: two for each multiplication with its addition. */
export const OPERATIONS = 2 * multiplyAccumulates;

/** A server a runtime, so that each has its own origin, process and count of bytes. */
export async function serve() {
  let bytes = 0;
  const http = createServer((request, response) => {
    const path = request.url ?? '/';
    const { socket } = request;
    const before = socket.bytesWritten;
    response.on('finish', () => (bytes += socket.bytesWritten - before));
    const route = ROUTES[path];
    if (route) {
      response.writeHead(200, { 'content-type': route[0] }).end(route[1]);
      return;
    }
    const [prefix, folder] = /** @type {[string, ReturnType<typeof sirv>]} */ (FOLDERS.find(([prefix]) => path.startsWith(prefix)));
    request.url = path.slice(prefix.length);
    folder(request, response, () => response.writeHead(404).end());
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', () => resolve(null)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());
  // Browsers take every name below localhost for this machine, and each for a site of its own: with two ports of one name, pages could
  // come to share a process.
  return { origin: `http://bench-${port}.localhost:${port}`, bytes: () => bytes, stop: () => http.close() };
}
