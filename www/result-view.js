// A report as something a lay person can read. Knows nothing of the page around it.

import { el } from './dom.js';
import { currentLanguage, duration, local, percent, say } from './strings.js';

/**
 * @import {LocalText, Report, TaskResult, TaskSide, TreeNode} from './skintree.js'
 * @import {StringKey} from './strings.js'
 */

const CLOSEST = 3;
/** Below this, a two-way question is not about what the photo shows. */
const MIN_TASK_MASS = 0.1;

/**
 * @param {Report} report
 * @returns {HTMLElement}
 */
export function resultView(report) {
  return el(
    'article',
    { className: 'result', lang: currentLanguage(), 'aria-labelledby': 'result-heading' },
    summary(report),
    report.warnings.length ? warnings(report) : null,
    tree(report),
    report.tasks.length ? tasks(report) : null,
    background(report),
    technical(report),
  );
}

/**
 * The result in one sentence, for those who hear it.
 *
 * @param {Report} report
 */
export function spokenResult(report) {
  const [closest] = report.fine;
  return say('announceResult', {
    lean: leanOf(report.classes[0].probability),
    classes: report.classes.filter(({ covered }) => covered).map(share).join(', '),
    diagnosis: local(closest.name),
    diagnosisPercent: percent(closest.probability),
  });
}

/** @param {{name: LocalText, probability: number}} result */
function share({ name, probability }) {
  return `${local(name)} ${percent(probability)}`;
}

/**
 * No stronger word for a higher share: a confident tone would reassure, and the model is not that good.
 *
 * @param {number} probability
 */
function leanOf(probability) {
  return probability >= 0.6 ? say('lean') : say('leanWeak');
}

/** @param {Report} report */
function summary({ classes: [top, ...others], fine, tree: nodes }) {
  // The share of the other classes stands beside the first: "benign 70 %" alone would hide 30 % malignant.
  const rest = others.filter(({ covered }) => covered);
  const known = nodes.filter((node) => node.fine).length;
  return el(
    'section',
    { className: 'summary' },
    el('h2', { id: 'result-heading' }, say('resultHeading')),
    el(
      'p',
      { className: 'lean' },
      el('span', { className: 'lean-how' }, leanOf(top.probability)),
      ' ',
      el('strong', {}, local(top.name)),
      ' ',
      el('span', { className: 'lean-value' }, percent(top.probability)),
    ),
    rest.length ? el('p', { className: 'lean-rest' }, rest.map(share).join(' · ')) : null,
    el('h3', {}, known === 1 ? say('closestOne') : say('closest', { count: known })),
    el(
      'ol',
      { className: 'closest' },
      ...fine
        .slice(0, CLOSEST)
        .map(({ name, probability }) =>
          el('li', {}, el('span', {}, local(name)), ' ', el('span', { className: 'value' }, percent(probability))),
        ),
    ),
    el('p', { className: 'caveat' }, say('caveat')),
  );
}

/** @param {Report} report */
function warnings(report) {
  return el(
    'ul',
    { className: 'note-list' },
    ...report.warnings.map(({ message }) => el('li', { className: 'note' }, local(message))),
  );
}

/** @param {Report} report */
function tree({ tree: nodes, fine: [closest] }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  /** @type {Map<string | null, TreeNode[]>} */
  const below = new Map();
  for (const node of nodes) {
    const siblings = below.get(node.parent) ?? [];
    below.set(node.parent, [...siblings, node]);
  }

  // Open from the start: the classes with something in them, and the way down to the closest diagnosis.
  const open = new Set(nodes.filter((node) => node.parent === null && node.covered).map((node) => node.id));
  for (let node = byId.get(closest.id); node; node = byId.get(node.parent ?? '')) {
    open.add(node.id);
  }

  /**
   * @param {TreeNode[]} siblings
   * @param {TreeNode | null} parent
   * @returns {HTMLElement}
   */
  const list = (siblings, parent) =>
    el('ul', { className: parent ? 'branch' : 'tree' }, ...siblings.map((node) => item(node, parent)));

  /**
   * @param {TreeNode} node
   * @param {TreeNode | null} parent
   */
  const item = (node, parent) => {
    const row = treeRow(node, parent);
    const children = below.get(node.id);
    return el(
      'li',
      { className: node.level },
      children
        ? el('details', { open: open.has(node.id) }, el('summary', {}, row), list(children, node))
        : el('div', { className: 'leaf' }, row),
    );
  };

  return el(
    'section',
    {},
    el('h3', {}, say('treeHeading')),
    el('p', { className: 'hint' }, say('treeNote')),
    list(below.get(null) ?? [], null),
  );
}

/**
 * @param {TreeNode} node
 * @param {TreeNode | null} parent
 */
function treeRow(node, parent) {
  // Said once where a whole branch is unknown: its single diseases are only greyed.
  const sayUnknown = !node.covered && (node.level !== 'disease' || parent?.covered !== false);
  return el(
    'span',
    { className: node.covered ? 'row' : 'row uncovered' },
    el(
      'span',
      { className: 'name' },
      local(node.name),
      node.icd10 ? el('span', { className: 'icd' }, ' ', say('icd', { code: node.icd10 })) : null,
    ),
    ' ',
    node.covered ? el('span', { className: 'value' }, percent(node.probability)) : null,
    node.covered ? bar(node.probability) : null,
    sayUnknown ? el('span', { className: 'unknown' }, say('unknown')) : null,
    node.note ? el('span', { className: 'tree-note' }, local(node.note)) : null,
  );
}

/** @param {number} share */
function bar(share) {
  const element = el('span', { className: 'bar', 'aria-hidden': true });
  // Through the object model, which the page's Content-Security-Policy allows; a style attribute it would not.
  element.style.setProperty('--share', String(share));
  return element;
}

/** @param {Report} report */
function tasks(report) {
  return el(
    'section',
    {},
    el('h3', {}, say('tasksHeading')),
    el('p', { className: 'hint' }, say('tasksNote')),
    ...report.tasks.map(taskView),
  );
}

/** @param {TaskResult} task */
function taskView({ name, positive, negative, mass }) {
  const neither = mass < MIN_TASK_MASS;
  return el(
    'div',
    { className: neither ? 'task neither' : 'task' },
    el('h4', {}, local(name)),
    mass > 0 ? bar(positive.probability) : null,
    mass > 0
      ? el(
          'p',
          { className: 'sides' },
          side(positive),
          ' ',
          side(negative),
        )
      : null,
    neither ? el('p', { className: 'hint' }, say('taskNeither', { percent: percent(mass) })) : null,
  );
}

/** @param {TaskSide} side */
function side({ name, probability }) {
  return el('span', {}, local(name), ' ', el('span', { className: 'value' }, percent(probability)));
}

/** @param {Report} report */
function background({ model, engine, timings, disclaimer }) {
  const ran = engine.name !== 'cpu' ? 'ranGpu' : engine.fallback_reason ? 'ranCpuInstead' : 'ranCpu';
  return el(
    'section',
    { className: 'background' },
    el('h3', {}, say('trainedHeading')),
    el('p', {}, local(model.trained_on)),
    el('h3', {}, say('useHeading')),
    el('p', {}, local(model.intended_use)),
    el('p', { className: 'note' }, local(disclaimer)),
    el('p', { className: 'engine' }, say(ran, { time: duration(timings.total_ms) })),
  );
}

/** @param {Report} report */
function technical(report) {
  const { model, engine, photo, timings } = report;
  const { format, width, height, orientation } = photo;
  /** @type {[string, string][]} */
  const rows = [
    [say('detailModel'), `${model.id} ${model.version}`],
    [say('detailLicence'), model.licence],
    [say('detailModelHash'), model.sha256],
    [say('detailManifestHash'), model.manifest_sha256],
    [say('detailEngine'), say('detailEngineValue', { name: engine.name, requested: engine.requested })],
    ...rowIf('detailAdapter', engine.adapter),
    ...rowIf('detailFallback', engine.fallback_reason),
    [say('detailSelfTest'), engine.self_test_max_abs_diff.toExponential(1)],
    [say('detailPhoto'), say('detailPhotoValue', { format, width, height, orientation })],
    [say('detailPhotoHash'), photo.sha256],
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
  return el(
    'details',
    { className: 'technical' },
    el('summary', {}, say('details')),
    el('dl', {}, ...rows.flatMap(([term, value]) => [el('dt', {}, term), el('dd', {}, value)])),
  );
}

/**
 * @param {StringKey} term
 * @param {string | null} value
 * @returns {[string, string][]}
 */
function rowIf(term, value) {
  return value === null ? [] : [[say(term), value]];
}
