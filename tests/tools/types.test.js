// What TypeScript is told agrees with what there is.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PKG = join(ROOT, 'www/pkg/skintree_fhir.d.ts');

test('ErrorCode has the codes of docs/formats.md and no others', () => {
  const [, section] = readFileSync(join(ROOT, 'docs/formats.md'), 'utf8').split('## Errors');
  const documented = [...section.matchAll(/^\| `([a-z-]+)` /gm)].map(([, code]) => code);
  const types = readFileSync(join(ROOT, 'www/skintree.d.ts'), 'utf8');
  const [, union] = /export type ErrorCode =([^;]*);/.exec(types) ?? [];
  const typed = [...union.matchAll(/'([a-z-]+)'/g)].map(([, code]) => code);
  // Of the command line only.
  const native = ['counts', 'output', 'predictions'];
  assert.deepEqual(typed.sort(), documented.filter((code) => !native.includes(code)).sort());
});

const skip = !existsSync(PKG) && `${PKG} is missing: run ./build.sh wasm`;

test('wasm.d.ts describes what wasm-bindgen made of the Rust code', { skip }, () => {
  const folder = join(ROOT, 'tests/output');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'bindings.ts');
  writeFileSync(
    file,
    `import type { CpuModule, DicomModule, EvaluateModule, FhirModule, WasmModule } from '../../www/interface/wasm.js';
import * as classifier from '../../www/pkg/skintree.js';
import * as withoutGpu from '../../www/pkg/skintree_without_gpu.js';
import * as cpu from '../../www/pkg/skintree_cpu.js';
import * as evaluate from '../../www/pkg/skintree_evaluate.js';
import * as dicom from '../../www/pkg/skintree_dicom.js';
import * as fhir from '../../www/pkg/skintree_fhir.js';
type Exports<M> = Omit<M, 'default'>;
export const modules: { classifier: Exports<WasmModule>; withoutGpu: Exports<WasmModule>; cpu: Exports<CpuModule>; evaluate: Exports<EvaluateModule>; dicom: Exports<DicomModule>; fhir: Exports<FhirModule> } = {
  classifier,
  withoutGpu,
  cpu,
  evaluate,
  dicom,
  fhir,
};
`,
  );
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,dom,dom.iterable'];
  const { status, stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['--ignoreConfig', ...options, file], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});
