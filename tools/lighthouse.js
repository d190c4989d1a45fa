// Lighthouse's scores of the upload page in dist/, on a phone and on a desk. Fails below 95 in accessibility or best
// practices; performance depends on the machine and is only printed. Run by: ./build.sh lighthouse

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';

const [, , root] = process.argv;
const PORT = 8190;
const LEAST = 95;
const OUTPUT = 'tests/output';

mkdirSync(OUTPUT, { recursive: true });
const server = spawn(process.execPath, ['tools/serve.js'], { env: { ...process.env, PORT: String(PORT) }, stdio: ['ignore', 'pipe', 'inherit'] });
try {
  await new Promise((resolve) => server.stdout.once('data', resolve));
  for (const form of ['mobile', 'desktop']) {
    const report = `${OUTPUT}/lighthouse-${form}.json`;
    execFileSync(
      process.execPath,
      [
        `${root}/node_modules/lighthouse/cli/index.js`,
        `http://localhost:${PORT}/`,
        '--quiet',
        '--output=json',
        `--output-path=${report}`,
        '--chrome-flags=--headless=new --no-sandbox',
        ...(form === 'desktop' ? ['--preset=desktop'] : []),
      ],
      { env: { ...process.env, CHROME_PATH: process.env.CHROMIUM ?? '/usr/bin/chromium' }, stdio: 'inherit' },
    );
    const { categories, audits } = JSON.parse(readFileSync(report, 'utf8'));
    for (const { id, score, auditRefs } of Object.values(categories)) {
      const percent = Math.round(score * 100);
      const failed = auditRefs.filter((ref) => ref.weight > 0 && audits[ref.id].score !== null && audits[ref.id].score < 0.9).map((ref) => ref.id);
      console.log(`${form.padEnd(8)} ${id.padEnd(15)} ${percent}${failed.length ? `  (${failed.join(', ')})` : ''}`);
      if (percent < LEAST && ['accessibility', 'best-practices'].includes(id)) process.exitCode = 1;
    }
  }
} finally {
  server.kill();
}
