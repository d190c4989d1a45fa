// Serves dist/ on this machine. Any static web server does; this one is for trying things out.

import { createServer } from 'node:http';

import sirv from 'sirv';

const port = Number(process.env.PORT ?? 8080);
const files = sirv('dist', { dev: true, etag: true });

createServer((request, response) => {
  files(request, response, () => response.writeHead(404).end('not found'));
})
  .on('error', (error) => {
    console.error(`Cannot serve on port ${port}: ${error.message}. Try another: PORT=8081 ./build.sh serve`);
    process.exitCode = 1;
  })
  .listen(port, () => console.log(`skintree is at http://localhost:${port}/ (stop with Ctrl+C)`));
