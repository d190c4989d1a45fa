// Reports as text, JSON and CSV.

import { toFhir } from '../fhir.js';
import { headline, spokenResult } from './result-view.js';
import { nodeOf } from './report-nodes.js';
import { currentLanguage, local, percent, say } from './strings.js';

/** @import {Report} from '../skintree.js' */

/** @typedef {{name: string, report: Report}} Named a photo's file name and its report */

/**
 * In the visitor's language, for a message or a note.
 *
 * @param {Named} named
 */
export function asText({ name, report }) {
  const { model, engine, fine, disclaimer, warnings } = report;
  return [
    `${name}`,
    spokenResult(report),
    '',
    ...fine.slice(0, 5).map((one) => `${percent(one.probability)}  ${local(one.name)}${one.icd10 ? ` (${one.icd10})` : ''}`),
    '',
    ...warnings.map(({ message }) => local(message)),
    say('textModel', { model: `${model.id} ${model.version}`, engine: engine.name, hash: model.sha256.slice(0, 12) }),
    local(disclaimer),
  ].join('\n');
}

/** @param {Named[]} all */
export function asJson(all) {
  return JSON.stringify(all.length === 1 ? all[0].report : all.map(({ name, report }) => ({ name, ...report })), null, 2);
}

/**
 * As FHIR R4, with the names in the visitor's language. It names no patient.
 *
 * @param {Named} named
 */
export function asFhir({ report }) {
  return toFhir(report, { language: currentLanguage() });
}

/**
 * One line a photo (RFC 4180): what it was, who answered, then each covered node's probability, by id.
 *
 * @param {Named[]} all
 */
export function asCsv(all) {
  const nodes = [...new Set(all.flatMap(({ report }) => report.tree.filter(({ covered }) => covered).map(({ id }) => id)))];
  const head = ['photo', 'photo_sha256', 'width', 'height', 'model', 'model_sha256', 'engine', 'in_scope', 'warnings', ...nodes];
  const lines = all.map(({ name, report }) => {
    const { photo, model, engine, scope, warnings, tree } = report;
    const probabilities = new Map(tree.map(({ id, probability }) => [id, probability]));
    return [
      name,
      photo.sha256,
      photo.width,
      photo.height,
      `${model.id} ${model.version}`,
      model.sha256,
      engine.name,
      scope ? scope.in_scope : '',
      warnings.map(({ code }) => code).join(' '),
      ...nodes.map((id) => probabilities.get(id) ?? ''),
    ];
  });
  return [head, ...lines].map((line) => line.map(field).join(',') + '\r\n').join('');
}

/** @param {string | number | boolean} value */
function field(value) {
  // A spreadsheet runs what begins like a formula, and a file's name is anybody's.
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * For a list of photos: the answer in a few words.
 *
 * @param {Report} report
 */
export function inShort(report) {
  const { certainty, lead } = report.conclusion;
  return certainty === 'likely' ? local(nodeOf(report, lead).name) : headline(report);
}
