// Writes dist/sbom.cdx.json: every library in the wasm modules and the model, with licences and SHA-256, in CycloneDX 1.6. Run by
// ./build.sh dist. Time and serial number are left out, so that two builds give the same file.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

import cyclonedx from '@cyclonedx/cyclonedx-library';
import parseExpression from 'spdx-expression-parse';

const { Contrib, Enums, Models, Serialize, Spec } = cyclonedx;
const OUT = 'dist/sbom.cdx.json';
const modules = process.argv.slice(2);

const spdx = new Contrib.License.Factories.LicenseFactory(parseExpression);
const checksums = new Map(
  [...readFileSync('Cargo.lock', 'utf8').matchAll(/name = "(.+)"\nversion = "(.+)"\nsource = .+\nchecksum = "(.+)"/g)].map(([, name, version, sum]) => [`${name} ${version}`, sum]),
);

/** The libraries that a module is linked from, and those that wrote code for it. @param {string} crate */
function librariesOf(crate) {
  const options = ['--locked', '--edges', 'normal', '--target', 'wasm32-unknown-unknown', '--package', crate, '--prefix', 'none', '--format', '{p}|{l}|{r}'];
  const { status, stdout, stderr } = spawnSync('cargo', ['tree', ...options], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`cargo tree: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, name, version, licence, repository] = /^(\S+) v(\S+)[^|]*\|([^|]*)\|(\S*)/.exec(line) ?? [];
      if (!version) throw new Error(`cargo tree says ${line}`);
      return { name, version, licence, repository };
    });
}

/** @param {ReturnType<typeof librariesOf>[number]} library */
function component({ name, version, licence, repository }) {
  const purl = `pkg:cargo/${name}@${version}`;
  const made = new Models.Component(Enums.ComponentType.Library, name, { version, purl, bomRef: purl });
  const sum = checksums.get(`${name} ${version}`);
  if (sum) made.hashes.set(Enums.HashAlgorithm['SHA-256'], sum);
  // Older crates separate alternatives by a slash.
  if (licence) made.licenses.add(spdx.makeFromString(licence.replaceAll(' / ', ' OR ').replaceAll('/', ' OR ')));
  if (repository) made.externalReferences.add(new Models.ExternalReference(repository, Enums.ExternalReferenceType.VCS));
  return made;
}

/** The pack, by its manifest, which has the hashes of its files. */
function model() {
  const text = readFileSync('model/pack/manifest.json');
  const { id, version, licence } = JSON.parse(text.toString());
  const made = new Models.Component(Enums.ComponentType.MachineLearningModel, id, { version, bomRef: `model:${id}@${version}` });
  made.hashes.set(Enums.HashAlgorithm['SHA-256'], createHash('sha256').update(text).digest('hex'));
  made.licenses.add(spdx.makeFromString(licence));
  return made;
}

const own = modules.flatMap(librariesOf);
const all = new Map(own.map((library) => [`${library.name} ${library.version}`, library]));
const bom = new Models.Bom();
bom.metadata.component = new Models.Component(Enums.ComponentType.Application, 'skintree', { version: own.find(({ name }) => name === 'skintree')?.version, bomRef: 'skintree' });
for (const key of [...all.keys()].sort()) bom.components.add(component(/** @type {any} */ (all.get(key))));
bom.components.add(model());
const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
writeFileSync(OUT, `${serializer.serialize(bom, { sortLists: true, space: 1 })}\n`);
console.log(`${OUT}: ${bom.components.size} components`);
