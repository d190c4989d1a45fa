// Serves dist/ on this machine. Any static web server does; this one is for trying things out. A second port shows the
// examples: the widget on a plain page, and a mock portal and record system, which must be on another origin.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import sirv from 'sirv';

/** @import {IncomingMessage, ServerResponse} from 'node:http' */

const port = Number(process.env.PORT ?? 8080);
const portalPort = port + 1;
const origin = `http://localhost:${port}`;
const portalOrigin = `http://localhost:${portalPort}`;

// The page carries its policy in a meta tag; a worker only obeys the one that its own script is served with.
const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(readFileSync('dist/index.html', 'utf8'))?.[1];
if (!policy) throw new Error('dist/index.html has no content security policy');

const options = { dev: true, etag: true };
const dist = sirv('dist', {
  ...options,
  setHeaders(response) {
    // Who may show embed.html in a frame can be said in a header only.
    response.setHeader('content-security-policy', `${policy}; frame-ancestors 'self' ${portalOrigin}`);
    // Threads for the CPU engine.
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
  },
});
const examples = sirv('examples', options);
const portal = sirv('examples/portal', options);

serve(port, (request, response, notFound) => {
  if (request.url === '/embed.json') {
    sendJson(response, { schema: 'skintree.embed-hosts/1', origins: [portalOrigin] });
  } else if (request.url?.startsWith('/examples/')) {
    request.url = request.url.slice('/examples'.length);
    examples(request, response, notFound);
  } else {
    dist(request, response, notFound);
  }
});
serve(portalPort, (request, response, notFound) => {
  const path = new URL(request.url ?? '/', portalOrigin).pathname;
  const example = { '/': 'portal', '/record/': 'record' }[path];
  if (example) {
    // The examples name skintree's usual port.
    const html = readFileSync(`examples/${example}/index.html`, 'utf8').replaceAll('http://localhost:8080', origin);
    response.writeHead(200, { 'content-type': 'text/html' }).end(html);
  } else if (path === '/embed-host.js') {
    response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync('dist/embed-host.js'));
  } else {
    // The portal is at the root, the record system in its folder.
    portal(request, response, () => examples(request, response, notFound));
  }
});
console.log(`skintree is at            ${origin}/ (stop with Ctrl+C)
the widget on a plain page ${origin}/examples/plain/
in a mock portal's frame   ${portalOrigin}/
in a mock record system    ${portalOrigin}/record/ (SMART Web Messaging)`);

/**
 * @param {number} port
 * @param {(request: IncomingMessage, response: ServerResponse, notFound: () => void) => void} answer
 */
function serve(port, answer) {
  createServer((request, response) => answer(request, response, () => response.writeHead(404).end('not found')))
    .on('error', (error) => {
      console.error(`Cannot serve on port ${port}: ${error.message}. Try another: PORT=8090 ./build.sh serve`);
      process.exit(1);
    })
    .listen(port);
}

/** @param {ServerResponse} response @param {object} value */
function sendJson(response, value) {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache' }).end(JSON.stringify(value));
}
