// Writes dist/precache.js: what the service worker (www/sw.js) keeps, by SHA-256. Run by ./build.sh dist.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';

const DIST = 'dist';
/** Few visitors need it: kept when it is first used. */
const LATER = /^pkg\/skintree_(dicom|fhir)/;
/** Of these, devices with a GPU need the first, and others the second. */
const [WITH_GPU, WITHOUT_GPU] = [/^pkg\/skintree(_bg)?\./, /^pkg\/skintree_without_gpu/];
/**
 * The pack has a store of its own, with its own hashes. What belongs to the frame (embed) is of no use without the
 * portal around it; documents are read where there is a network; and embed.json is edited where skintree is put up. Browsers keep the service worker themselves.
 */
const LEFT_OUT = /^(pack|docs)\/|^embed[.-]|^frame\/|^(sw|precache)\.js$|^(integrity|sbom\.cdx)\.json$|\.d\.ts$/;

/** @param {string | Buffer} data */
const sha256 = (data) => createHash('sha256').update(data).digest('hex');

/** @param {string} path @returns {{gpu?: boolean}} */
const gpuOf = (path) => (WITH_GPU.test(path) ? { gpu: true } : WITHOUT_GPU.test(path) ? { gpu: false } : {});

const files = readdirSync(DIST, { recursive: true, encoding: 'utf8' })
  .filter((path) => statSync(`${DIST}/${path}`).isFile() && !LEFT_OUT.test(path))
  .sort()
  .map((path) => ({ path, sha256: sha256(readFileSync(`${DIST}/${path}`)), ...(LATER.test(path) && { later: true }), ...gpuOf(path) }));
const version = sha256(JSON.stringify(files)).slice(0, 12);
writeFileSync(`${DIST}/precache.js`, `self.skintreePrecache = ${JSON.stringify({ version, files }, null, 1)};\n`);
console.log(`precache ${version}: ${files.length} files`);
