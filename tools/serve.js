// Serves dist/ on this machine. Any static web server does; this one is for trying things out.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import sirv from 'sirv';

const port = Number(process.env.PORT ?? 8080);

// The page carries its policy in a meta tag; a worker only obeys the one that its own script is served with.
const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(readFileSync('dist/index.html', 'utf8'))?.[1];
if (!policy) throw new Error('dist/index.html has no content security policy');

const files = sirv('dist', {
  dev: true,
  etag: true,
  setHeaders: (response) => void response.setHeader('content-security-policy', policy),
});

createServer((request, response) => {
  files(request, response, () => response.writeHead(404).end('not found'));
})
  .on('error', (error) => {
    console.error(`Cannot serve on port ${port}: ${error.message}. Try another: PORT=8081 ./build.sh serve`);
    process.exitCode = 1;
  })
  .listen(port, () => console.log(`skintree is at http://localhost:${port}/ (stop with Ctrl+C)`));
