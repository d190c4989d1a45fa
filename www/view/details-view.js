// The part of a report for professionals: exact probabilities, operating points, engine, hashes, timings.

import { el } from './dom.js';
import { decimal, duration, local, percent, say } from './strings.js';

/**
 * @import {Report} from '../skintree.js'
 * @import {StringKey} from './strings.js'
 */

const QUALITY = /** @type {const} */ (['sharpness', 'brightness', 'contrast', 'dark_clipped', 'bright_clipped']);

/**
 * @param {Report} report
 * @returns {HTMLElement}
 */
export function detailsView(report) {
  return el(
    'details',
    { className: 'fold technical' },
    el('summary', {}, say('details')),
    el('h3', {}, say('detailsProbabilities')),
    el('p', { className: 'hint' }, say('detailsCalibration')),
    probabilities(report),
    ...(report.tasks.some(({ operating_points }) => operating_points?.length)
      ? [el('h3', {}, say('detailsPoints')), el('p', { className: 'hint' }, say('detailsPointsNote')), operatingPoints(report)]
      : []),
    el('h3', {}, say('detailsRun')),
    el('dl', {}, ...rows(report).flatMap(([term, value, lang]) => [el('dt', {}, term), el('dd', lang ? { lang } : {}, value)])),
  );
}

/** @param {Report} report */
function probabilities({ fine }) {
  return table(
    [say('columnDiagnosis'), say('columnIcd'), say('columnProbability')],
    fine.map(({ name, icd10, probability }) => [local(name), icd10 ?? '', decimal(probability, 4)]),
  );
}

/** @param {Report} report */
function operatingPoints({ tasks }) {
  return table(
    [say('columnQuestion'), say('columnThreshold'), say('columnSensitivity'), say('columnSpecificity'), say('columnHere')],
    tasks.flatMap(({ positive, operating_points = [] }) =>
      operating_points.map((point) => [
        local(positive.name),
        decimal(point.threshold, 3),
        percent(point.sensitivity),
        percent(point.specificity),
        say(point.positive ? 'pointAbove' : 'pointBelow', { value: decimal(positive.probability, 3) }),
      ]),
    ),
  );
}

/**
 * @param {string[]} head
 * @param {string[][]} body
 */
function table(head, body) {
  // Scrolls by itself on a narrow screen, so it must be reachable by keyboard.
  return el(
    'div',
    { className: 'table', tabIndex: 0, role: 'group', 'aria-label': head[0] },
    el(
      'table',
      {},
      el('thead', {}, el('tr', {}, ...head.map((text) => el('th', { scope: 'col' }, text)))),
      el('tbody', {}, ...body.map((cells) => el('tr', {}, ...cells.map((text) => el('td', {}, text))))),
    ),
  );
}

/**
 * @param {Report} report
 * @returns {[term: string, value: string, lang?: string][]} `lang` of a value that comes in one language only
 */
function rows({ model, engine, photo, timings, scope, quality }) {
  const { format, width, height, orientation } = photo;
  return [
    [say('detailModel'), `${model.id} ${model.version}`],
    [say('detailLicence'), model.licence],
    [say('detailModelHash'), model.sha256],
    [say('detailManifestHash'), model.manifest_sha256],
    [say('detailEngine'), say('detailEngineValue', { name: engine.name, requested: engine.requested })],
    ...rowIf('detailAdapter', engine.adapter, 'en'),
    ...rowIf('detailFallback', engine.fallback ? local(engine.fallback.message) : null),
    ...rowIf('detailFallbackWords', engine.fallback_reason, 'en'),
    [say('detailSelfTest'), engine.self_test_max_abs_diff.toExponential(1)],
    [say('detailPhoto'), say('detailPhotoValue', { format, width, height, orientation })],
    [say('detailPhotoHash'), photo.sha256],
    ...rowIf('detailScope', scope ? say('detailScopeValue', { score: decimal(scope.score, 3), threshold: decimal(scope.threshold, 3) }) : null),
    ...rowIf('detailQuality', quality ? QUALITY.map((name) => `${say(`quality-${name}`)} ${decimal(quality[name], 3)}`).join(', ') : null),
    [
      say('detailTimings'),
      say('detailTimingsValue', {
        decode: duration(timings.decode_ms),
        input: duration(timings.input_ms),
        engine: duration(timings.engine_ms),
        rollup: duration(timings.rollup_ms),
        total: duration(timings.total_ms),
      }),
    ],
  ];
}

/**
 * @param {StringKey} term
 * @param {string | null} value
 * @param {string} [lang]
 * @returns {[string, string, string | undefined][]}
 */
function rowIf(term, value, lang) {
  return value === null ? [] : [[say(term), value, lang]];
}
