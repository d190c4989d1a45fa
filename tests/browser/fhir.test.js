// The FHIR form of a report. tsc checks its shape against the types of FHIR R4.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toFhir } from '../../www/fhir.js';
import { makeReport } from './fake-pkg/report.js';

/** @import {Report} from '../../www/skintree.js' */

const report = /** @type {Report} */ (/** @type {unknown} */ (makeReport({})));

test('a report as a preliminary DiagnosticReport', () => {
  const fhir = toFhir(report, { subject: { reference: 'Patient/7' }, issued: '2026-11-23T20:00:00Z' });
  assert.equal(fhir.status, 'preliminary');
  assert.deepEqual(fhir.subject, { reference: 'Patient/7' });
  assert.match(fhir.conclusion ?? '', /Not a medical device/);

  const [device, risk] = fhir.contained;
  assert.equal(device.identifier?.[0].value, report.model.sha256);
  assert.deepEqual(fhir.extension?.[0].valueReference, { reference: `#${risk.id}` });
  assert.deepEqual(risk.performer, { reference: `#${device.id}` });
  assert.deepEqual(risk.subject, { reference: 'Patient/7' });

  const predictions = risk.prediction ?? [];
  assert.equal(predictions.length, 8, 'every class, whatever top-k was');
  const melanoma = predictions.find(({ outcome }) => outcome?.coding?.[0].code === 'C43');
  assert.equal(melanoma?.probabilityDecimal, 11.7, 'in per cent, as R4 wants it');
  const sum = predictions.reduce((total, { probabilityDecimal }) => total + (probabilityDecimal ?? 0), 0);
  assert.ok(Math.abs(sum - 100) < 1e-3, String(sum));
});

test('names follow the language, where the pack has them; a report needs no patient', () => {
  const korean = structuredClone(report);
  for (const node of korean.tree) node.name = { en: node.name.en, ...(node.id === 'mel' ? { ko: '흑색종' } : {}) };
  const [, risk] = toFhir(korean, { language: 'ko' }).contained;
  const names = risk.prediction?.map(({ outcome }) => outcome?.text);
  assert.ok(names?.includes('흑색종') && names.includes('Basal cell carcinoma'));
  assert.deepEqual(risk.subject, { display: 'not given' });
});

test('the record says what the conclusion says', () => {
  const note = (/** @type {object} */ fake) => toFhir(makeReport(fake)).contained[1].note?.[1].text;
  const own = { nv: 0, bkl: 0, df: 0, vasc: 0, mel: 0, bcc: 0, ak: 0, scc: 0 };
  assert.equal(note({ own: { ...own, nv: 0.8, mel: 0.2 }, operating_points: true }), 'Most likely for the model: Melanocytic naevus (Benign); not ruled out: Melanoma');
  assert.match(note({ own: { ...own, nv: 0.55, mel: 0.45 } }) ?? '', /^Undecided/);
  assert.match(note({ scope: { score: 9, threshold: 4, in_scope: false } }) ?? '', /^No answer/);
});
