// What becomes of a report before anything is drawn: the answer, and the files.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { classColours } from '../../www/view/report-nodes.js';
import { asCsv, asJson, asText, inShort } from '../../www/view/report-export.js';
import { headline, sentences } from '../../www/view/result-view.js';
import { setLanguage } from '../../www/view/strings.js';
import { makeReport } from './fake-pkg/report.js';

const report = makeReport;

/** Nothing but what is named. */
const NONE = { nv: 0, bkl: 0, df: 0, vasc: 0, mel: 0, bcc: 0, ak: 0, scc: 0 };

/** @type {{cases: any[]}} */
const golden = JSON.parse(readFileSync(new URL('../golden/conclusions.json', import.meta.url), 'utf8'));

test('the stand-in concludes as the Rust code does', () => {
  for (const { probabilities, alternative, likelihood, applies, ...expected } of golden.cases) {
    const { conclusion, tasks } = report({ own: { ...NONE, ...probabilities }, operating_points: true });
    assert.deepEqual(conclusion, { ...expected, alternative: { node: alternative, likelihood }, poor_photo: false });
    assert.deepEqual(Object.fromEntries(tasks.map((task) => [task.id, task.applies])), applies);
  }
});

test('the page says what the conclusion says', () => {
  setLanguage('en');
  const words = (/** @type {object} */ own, /** @type {object} */ fake = {}) => {
    const made = report({ own: { ...NONE, ...own }, operating_points: true, ...fake });
    return [headline(made), ...sentences(made)].join(' | ');
  };
  assert.match(words({ nv: 0.96, mel: 0.04 }), /Melanocytic naevus \(benign\).* \| Melanoma is unlikely, but not ruled out/);
  assert.match(words({ nv: 0.4, bkl: 0.3, mel: 0.3 }), /Benign \| .*which.* \| Not ruled out: Melanoma/i);
  assert.match(words({ nv: 0.55, mel: 0.45 }), /^The model can’t decide|cannot decide|could not decide|undecided/i);
  assert.doesNotMatch(words({ nv: 1 }, { scope: { score: 9, threshold: 4, in_scope: false } }), /naevus/);
});

test('a class keeps its colour from photo to photo', () => {
  assert.deepEqual(classColours(report({})), classColours(report({ own: { ...NONE, mel: 1 } })));
});

test('CSV: one line a photo, quoted, and no formula', () => {
  setLanguage('en');
  const csv = asCsv([
    { name: '=cmd("x"),a.png', report: report({}) },
    { name: 'b.png', report: report({ own: { ...NONE, mel: 1 }, warnings: [{ code: 'blurred', message: { en: 'x' } }] }) },
  ]);
  const lines = csv.split('\r\n');
  assert.equal(lines.length, 4);
  assert.equal(lines[3], '');
  const head = lines[0].split(',');
  assert.ok(head.includes('mel') && head.includes('malignant'));
  assert.ok(!head.includes('lymphoma'), 'what the model cannot know has no column');
  assert.ok(lines[1].startsWith(`"'=cmd(""x""),a.png",0123`));
  const second = lines[2].split(',');
  assert.equal(second.length, head.length);
  assert.equal(second[head.indexOf('mel')], '1');
  assert.equal(second[head.indexOf('warnings')], 'blurred');
});

test('JSON: the report itself, or a list of them; text: in the language of the page', () => {
  const named = { name: 'a.png', report: report({}) };
  assert.equal(JSON.parse(asJson([named])).schema, 'skintree.report/2');
  assert.deepEqual(JSON.parse(asJson([named, named])).map((/** @type {any} */ one) => one.name), ['a.png', 'a.png']);
  setLanguage('ko');
  assert.match(asText(named), /가능성이 가장 높은 답: 멜라닌세포모반\(양성\)/);
  assert.equal(inShort(report({ own: { ...NONE, nv: 0.5, mel: 0.5 } })), '모델이 정하지 못했습니다');
  setLanguage('en');
});
