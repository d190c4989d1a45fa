import { fileURLToPath } from 'node:url';

export default {
  output: 'export',
  basePath: '/deep/next',
  // Else it takes the folder of the whole repository, for its lock file.
  turbopack: { root: fileURLToPath(new URL('..', import.meta.url)) },
};
