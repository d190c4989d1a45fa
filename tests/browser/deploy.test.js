// Putting skintree on a server: the configurations of examples/hosting in the servers that they are for, looked at by
// ./build.sh check-deploy, which must also find what is wrong with others.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';

import { DIST, ISOLATED, ROOT, noDist } from './harness.js';

/**
 * @import {IncomingMessage, ServerResponse} from 'node:http'
 * @import {AddressInfo} from 'node:net'
 */

const HOSTING = `${ROOT}examples/hosting`;
const SERVERS = process.env.SKINTREE_WEB_SERVERS ?? '';
const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(readFileSync(`${ROOT}www/index.html`, 'utf8'))?.[1] ?? '';

/** @param {string} url */
function check(url) {
  return new Promise((/** @type {(found: {status: number | null, lines: string[]}) => void} */ resolve) => {
    const run = spawn(process.execPath, [`${ROOT}tools/check-deploy.js`, url]);
    let text = '';
    for (const stream of [run.stdout, run.stderr]) stream.on('data', (data) => (text += data));
    run.on('close', (status) => resolve({ status, lines: text.trim().split('\n') }));
  });
}

/** A port that is free now. */
async function freePort() {
  const server = createServer().listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = /** @type {AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Starts a server and waits until it answers.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {number} port
 */
async function start(command, args, port) {
  const server = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: tmpdir() } });
  let said = '';
  server.stderr.on('data', (data) => (said += data));
  for (let tries = 0; tries < 100; tries++) {
    if (await fetch(`http://127.0.0.1:${port}/sw.js`).catch(() => null)) return server;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  server.kill();
  throw new Error(`${command} does not answer: ${said}`);
}

test('every configuration has the policy of index.html, and isolates the page', () => {
  assert.match(policy, /wasm-unsafe-eval/);
  for (const name of ['nginx.conf', 'Caddyfile', '_headers', 'vercel.json', 'firebase.json']) {
    const text = readFileSync(`${HOSTING}/${name}`, 'utf8');
    assert.ok(text.includes(`${policy}; frame-ancestors 'self'`), name);
    for (const header of Object.keys(ISOLATED)) assert.match(text, new RegExp(header, 'i'), name);
  }
});

describe('the configurations in their servers', { skip: noDist }, () => {
  const nginx = `${SERVERS}/usr/sbin/nginx`;
  const caddy = `${SERVERS}/usr/bin/caddy`;
  const noServer = (/** @type {string} */ path) => !existsSync(path) && `${path} is missing: ./build.sh test-browser fetches it`;

  test('nginx', { skip: noServer(nginx) }, async () => {
    const folder = mkdtempSync(`${tmpdir()}/skintree-nginx-`);
    const port = await freePort();
    const server = readFileSync(`${HOSTING}/nginx.conf`, 'utf8')
      .replace('listen 80;', `listen 127.0.0.1:${port};`)
      .replace('root /var/www/skintree;', `root ${DIST};`)
      .replace('/etc/nginx/mime.types', `${SERVERS}/etc/nginx/mime.types`);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n');
    writeFileSync(`${folder}/nginx.conf`, `daemon off; pid ${folder}/pid; error_log stderr;\nevents {}\nhttp {\naccess_log off; ${temporary}\n${server}}\n`);
    const running = await start(nginx, ['-c', `${folder}/nginx.conf`, '-p', folder, '-e', 'stderr'], port);
    const { status, lines } = await check(`http://127.0.0.1:${port}/`);
    running.kill();
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.equal(status, 0);
  });

  test('Caddy', { skip: noServer(caddy) }, async () => {
    const folder = mkdtempSync(`${tmpdir()}/skintree-caddy-`);
    const port = await freePort();
    const site = readFileSync(`${HOSTING}/Caddyfile`, 'utf8').replace(/^:80 /m, `http://127.0.0.1:${port} `).replace('root * /var/www/skintree', `root * ${DIST}`);
    writeFileSync(`${folder}/Caddyfile`, `{\n\tadmin off\n}\n${site}`);
    const running = await start(caddy, ['run', '--config', `${folder}/Caddyfile`, '--adapter', 'caddyfile'], port);
    const { status, lines } = await check(`http://127.0.0.1:${port}/`);
    running.kill();
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.equal(status, 0);
  });
});

// A copy of skintree that is small, on a server that goes wrong in one way at a time.
describe('check-deploy finds', () => {
  const folder = mkdtempSync(`${tmpdir()}/skintree-deploy-`);
  /** @type {Record<string, string>} */
  const files = {
    'index.html': '<script type="module" src="upload/upload.js"></script>',
    'embed.html': 'embed',
    'worker.js': 'worker',
    'upload/upload.js': `// ${'long '.repeat(3000)}`,
    'pkg/skintree_bg.wasm': '\0asm',
    'pack/model.onnx': 'model '.repeat(10),
  };
  const sha256 = (/** @type {string} */ text) => createHash('sha256').update(text).digest('hex');
  const listed = ['index.html', 'upload/upload.js', 'pkg/skintree_bg.wasm'].map((path) => ({ path, sha256: sha256(files[path]) }));
  files['precache.js'] = `self.skintreePrecache = ${JSON.stringify({ version: '1', files: listed })};`;
  files['pack/manifest.json'] = JSON.stringify({ files: { model: { path: 'model.onnx', sha256: sha256(files['pack/model.onnx']) } } });
  for (const path of Object.keys(files)) mkdirSync(`${folder}/${path}`.replace(/\/[^/]*$/, ''), { recursive: true });
  const types = /** @type {Record<string, string>} */ ({ html: 'text/html', js: 'text/javascript', wasm: 'application/wasm', json: 'application/json', onnx: 'application/octet-stream' });

  /** @typedef {{status: number, headers: Record<string, string>, body: string}} Reply */

  /**
   * What the tool says of a server that answers well but for a change.
   *
   * @param {(path: string, reply: Reply, request: IncomingMessage) => void} change
   */
  async function saidOf(change) {
    const server = createServer((request, /** @type {ServerResponse} */ response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1) || 'index.html';
      /** @type {Reply} */
      const reply = { status: 404, headers: {}, body: 'not found' };
      if (files[path] !== undefined) {
        const headers = {
          'content-type': types[path.slice(path.lastIndexOf('.') + 1)],
          'content-security-policy': `${policy}; frame-ancestors 'self'`,
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-cache',
          ...ISOLATED,
          etag: `"${path}"`,
        };
        Object.assign(reply, { status: 200, headers, body: files[path] });
        if (request.headers['if-none-match'] === headers.etag) Object.assign(reply, { status: 304, body: '' });
        if (request.headers.range) Object.assign(reply, { status: 206, body: files[path].slice(0, 10) });
      }
      change(path, reply, request);
      response.writeHead(reply.status, reply.headers).end(reply.body);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = /** @type {AddressInfo} */ (server.address());
    const { status, lines } = await check(`http://127.0.0.1:${port}`);
    server.close();
    return { status, text: lines.slice(0, -1).join('\n') };
  }

  const long = 'upload/upload.js is not compressed';

  test('nothing where all is well but compression', async () => {
    const { status, text } = await saidOf(() => {});
    assert.equal(status, 0);
    assert.match(text, new RegExp(`^better {2}${long}[^\n]*$`));
  });

  /** @type {[string, RegExp, (path: string, reply: Reply, request: IncomingMessage) => void][]} */
  const wrong = [
    ['a wrong type', /skintree_bg\.wasm has the type "text\/plain"/, (path, { headers }) => void (path.endsWith('.wasm') && (headers['content-type'] = 'text/plain'))],
    ['a page for everything', /a file that is not there is answered with HTTP 200/, (_, reply) => void (reply.status === 404 && (reply.status = 200))],
    ['a file that is missing', /pkg\/skintree_bg\.wasm is answered with HTTP 404/, (path, reply) => void (path.endsWith('.wasm') && (reply.status = 404))],
    ['a file of another build', /upload\/upload\.js has other bytes/, (path, reply) => void (path === 'upload/upload.js' && (reply.body += '/* injected */'))],
    ['a truncated model', /pack\/model\.onnx has other bytes/, (path, reply, { headers }) => void (path.endsWith('.onnx') && !headers.range && (reply.body = 'mod'))],
    ['clean URLs', /embed\.html|index\.html is answered with a redirect to \/index/, (_, reply, { url }) => void (url === '/index.html' && Object.assign(reply, { status: 308, headers: { location: '/index' } }))],
    ['a policy without WebAssembly', /forbids WebAssembly/, (_, { headers }) => void (headers['content-security-policy'] = "script-src 'self'")],
    ['a frame that is forbidden', /X-Frame-Options: DENY/, (path, { headers }) => void (path === 'embed.html' && (headers['x-frame-options'] = 'DENY'))],
    ['a worker that is not isolated', /worker\.js has no Cross-Origin-Embedder-Policy/, (path, { headers }) => void (path === 'worker.js' && delete headers['cross-origin-embedder-policy'])],
    ['another page', /it is not the page of skintree/, (path, reply) => void (path === 'index.html' && (reply.body = 'hello'))],
  ];
  for (const [what, expected, change] of wrong) {
    test(what, async () => {
      const { status, text } = await saidOf(change);
      assert.match(text, new RegExp(`^wrong .*(${expected.source})`, 'm'));
      assert.equal(status, 1);
    });
  }

  /** @type {[string, RegExp, (path: string, reply: Reply, request: IncomingMessage) => void][]} */
  const better = [
    ['a cache that keeps old versions', /worker\.js|index\.html has "Cache-Control: max-age=3600"/, (_, { headers }) => void (headers['cache-control'] = 'max-age=3600')],
    ['a worker without a policy', /worker\.js has no Content-Security-Policy/, (path, { headers }) => void (path === 'worker.js' && delete headers['content-security-policy'])],
    ['a frame for every site', /embed\.html may be framed by every site/, (_, { headers }) => void (headers['content-security-policy'] &&= policy)],
    ['a model that is not sent in parts', /model\.onnx is not sent in parts/, (_, reply) => void (reply.status === 206 && (reply.status = 200))],
    ['no 304', /worker\.js is sent anew/, (_, reply) => void (reply.status === 304 && (reply.status = 200))],
    ['a page without threads', /the page is not isolated/, (_, { headers }) => Object.keys(ISOLATED).forEach((name) => delete headers[name])],
    ['types that may be guessed', /X-Content-Type-Options is missing/, (_, { headers }) => void delete headers['x-content-type-options']],
  ];
  for (const [what, expected, change] of better) {
    test(what, async () => {
      const { status, text } = await saidOf(change);
      assert.match(text, new RegExp(`^better .*(${expected.source})`, 'm'));
      assert.equal(status, 0, text);
    });
  }

  test('no server, and no address', async () => {
    const { status, lines } = await check(`http://127.0.0.1:${await freePort()}`);
    assert.equal(status, 1);
    assert.match(lines[0], /does not answer: .*ECONNREFUSED/);
    assert.equal(spawnSync(process.execPath, [`${ROOT}tools/check-deploy.js`, 'skintree']).status, 2);
  });
});
