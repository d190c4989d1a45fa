// node run-cargo.js RECORD ARGUMENTS...: runs `cargo test` with the arguments, prints what it prints, writes RECORD.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { CargoOutput } from './cargo.js';
import { writeRun } from './record.js';

const [record, ...args] = process.argv.slice(2);
const output = new CargoOutput();
// Cargo names the binaries on stderr and these print their results on stdout; through one pipe they keep their order.
const child = spawn('bash', ['-c', 'exec cargo test "$@" -- --show-output 2>&1', 'bash', ...args], {
  stdio: ['inherit', 'pipe', 'inherit'],
});
const closed = new Promise((resolve) => child.on('close', resolve));
for await (const line of createInterface({ input: child.stdout })) {
  if (output.line(line)) console.log(line);
}
process.exitCode = (await closed) ?? 1;
writeRun(record, output.run);
