// What becomes of a report before anything is drawn: the answer, and the files.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { answerOf, classColours } from '../../www/answer.js';
import { asCsv, asJson, asText, inShort } from '../../www/report-export.js';
import { setLanguage } from '../../www/strings.js';
import { makeReport } from './fake-pkg/report.js';

/** @import {Report} from '../../www/skintree.js' */

/** @param {object} fake @returns {Report} */
const report = (fake) => /** @type {any} */ (makeReport(fake));

/** Nothing but what is named. */
const NONE = { nv: 0, bkl: 0, df: 0, vasc: 0, mel: 0, bcc: 0, ak: 0, scc: 0 };

test('the answer names the deepest node that is likely', () => {
  const lead = (/** @type {object} */ own) => {
    const { kind, lead } = answerOf(report({ own: { ...NONE, ...own } }));
    return [kind, lead.id];
  };
  assert.deepEqual(lead({ nv: 0.61, mel: 0.39 }), ['likely', 'nv']);
  assert.deepEqual(lead({ df: 0.4, vasc: 0.3, mel: 0.3 }), ['likely', 'benign-dermal']);
  assert.deepEqual(lead({ nv: 0.4, bkl: 0.3, mel: 0.3 }), ['likely', 'benign']);
  assert.deepEqual(lead({ nv: 0.55, mel: 0.45 }), ['undecided', 'benign']);
});

test('what is not ruled out lies in another class, and is said with care', () => {
  const other = (/** @type {object} */ own) => {
    const { alternative } = answerOf(report({ own: { ...NONE, ...own } }));
    return [alternative?.node.id, alternative?.how];
  };
  assert.deepEqual(other({ nv: 0.65, bkl: 0.1, mel: 0.25 }), ['mel', 'possible']);
  assert.deepEqual(other({ nv: 0.8, bkl: 0.12, mel: 0.08 }), ['mel', 'lessLikely']);
  assert.deepEqual(other({ nv: 0.96, bcc: 0.04 }), ['bcc', 'unlikely']);
  assert.deepEqual(other({ mel: 0.96, nv: 0.04 }), ['nv', 'unlikely']);
});

test('a question flags a photo at its sensitive setting only, and only where it is about it', () => {
  const flagged = (/** @type {object} */ own) =>
    answerOf(report({ own: { ...NONE, ...own }, operating_points: true })).flagged.map(({ id }) => id);
  assert.deepEqual(flagged({ nv: 0.8, mel: 0.2 }), ['melanoma-or-naevus']);
  assert.deepEqual(flagged({ nv: 0.95, mel: 0.05 }), []);
  assert.deepEqual(flagged({ nv: 0.2, mel: 0.8 }), [], 'there it is the answer itself');
  assert.deepEqual(flagged({ nv: 0.91, bkl: 0.05, bcc: 0.04 }), [], 'too little is about keratoses');
  assert.deepEqual(answerOf(report({})).flagged, [], 'a pack without operating points');
});

test('out of scope by the field or by the warning', () => {
  const kind = (/** @type {object} */ fake) => answerOf(report(fake)).kind;
  assert.equal(kind({ scope: { score: 9, threshold: 4, in_scope: false } }), 'out-of-scope');
  assert.equal(kind({ scope: { score: 1, threshold: 4, in_scope: true } }), 'likely');
  assert.equal(kind({ warnings: [{ code: 'out-of-scope', message: { en: 'x' } }] }), 'out-of-scope');
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
  assert.equal(JSON.parse(asJson([named])).schema, 'skintree.report/1');
  assert.deepEqual(JSON.parse(asJson([named, named])).map((/** @type {any} */ one) => one.name), ['a.png', 'a.png']);
  setLanguage('ko');
  assert.match(asText(named), /가능성이 가장 높은 답: 멜라닌세포모반\(양성\)/);
  assert.equal(inShort(report({ own: { ...NONE, nv: 0.5, mel: 0.5 } })), '모델이 정하지 못했습니다');
  setLanguage('en');
});
