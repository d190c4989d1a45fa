// A report as something a lay person can read: the answer in plain words, the tree, then the details for those who
// know the field. Knows nothing of the page around it.

import { detailsView } from './details-view.js';
import { bar, el, fold, nextFrame } from './dom.js';
import { classColours, nodeOf } from './report-nodes.js';
import { currentLanguage, duration, local, percent, say } from './strings.js';
import { treeView } from './tree-view.js';

/**
 * @import {Likelihood, LocalText, PhotoKindResult, Report, SideResult, TaskResult, Warning} from '../skintree.js'
 * @import {StringKey} from './strings.js'
 */

const CLOSEST = 3;

/**
 * @param {Report} report
 * @param {(id: string) => void} [changeKind] asks once more, as a photo of this kind; without it nobody can
 * @returns {HTMLElement}
 */
export function resultView(report, changeKind) {
  const article = beginning(report, changeKind);
  article.append(...rest(report).map((part) => part()));
  return article;
}

/**
 * The same for a page that is to answer its visitor meanwhile: what is read first is there at once, the rest comes in the next frames, a
 * part in each. The article is `aria-busy` until it is whole.
 *
 * @param {Report} report
 * @param {(id: string) => void} [changeKind] as above
 * @returns {{article: HTMLElement, whole: Promise<boolean>}} `whole` is false if the article was taken from the page before
 */
export function growingResultView(report, changeKind) {
  const article = beginning(report, changeKind);
  article.setAttribute('aria-busy', 'true');
  return { article, whole: grow(article, rest(report)) };
}

/**
 * @param {HTMLElement} article
 * @param {(() => HTMLElement)[]} parts
 */
async function grow(article, parts) {
  for (const part of parts) {
    await nextFrame();
    if (!article.isConnected) return false;
    article.append(part());
  }
  article.removeAttribute('aria-busy');
  return true;
}

/**
 * @param {Report} report
 * @param {(id: string) => void} [changeKind]
 */
function beginning(report, changeKind) {
  const { certainty, poor_photo } = report.conclusion;
  return el(
    'article',
    {
      className: `result ${certainty}${poor_photo ? ' poor-photo' : ''}`,
      lang: currentLanguage(),
      'aria-labelledby': 'result-heading',
    },
    summary(report, changeKind),
  );
}

/** What stands below the summary. @param {Report} report @returns {(() => HTMLElement)[]} */
function rest(report) {
  return [...numbers(report), () => fold('background', say('useHeading'), ...background(report)), () => detailsView(report)];
}

/** @param {Report} report */
function numbers(report) {
  const parts = [
    () => fold('tree-view', say('treeHeading'), ...treeView(report)),
    ...(report.tasks.length ? [() => fold('tasks', say('tasksHeading'), ...tasks(report))] : []),
  ];
  if (report.conclusion.certainty !== 'out-of-scope') return parts;
  const opened = () => parts.map((part) => Object.assign(part(), { open: true }));
  return [() => el('details', { className: 'fold numbers' }, el('summary', {}, say('numbersAnyway')), closest(report), ...opened())];
}

/**
 * The result in a few sentences, for those who hear it and for the clipboard.
 *
 * @param {Report} report
 */
export function spokenResult(report) {
  const shares = report.conclusion.certainty === 'out-of-scope' ? [] : [covered(report).map(share).join(', ')];
  return [headline(report), ...shares].map((text) => `${text}.`).concat(sentences(report)).join(' ');
}

/**
 * @param {Report} report
 * @returns {string}
 */
export function headline(report) {
  const { certainty, lead, lead_class } = report.conclusion;
  switch (certainty) {
    case 'out-of-scope':
      return say('outOfScope');
    case 'undecided':
      return say('undecided');
    case 'likely':
      return naming(local(nodeOf(report, lead).name), local(nodeOf(report, lead_class).name));
  }
}

/**
 * With the class beside it, as few know on which side a "naevus" stands; unless the name has it already.
 *
 * @param {string} name
 * @param {string} leadClass
 */
function naming(name, leadClass) {
  const lower = leadClass.toLocaleLowerCase(currentLanguage());
  return name.toLocaleLowerCase(currentLanguage()).includes(lower) ? say('likely', { name }) : say('likelyIn', { name, class: lower });
}

/** @type {Record<Likelihood, StringKey>} */
const LIKELIHOODS = { possible: 'possible', 'less-likely': 'lessLikely', unlikely: 'unlikely' };

/**
 * What stands below the headline.
 *
 * @param {Report} report
 * @returns {string[]}
 */
export function sentences(report) {
  const { certainty, lead, alternative, not_ruled_out } = report.conclusion;
  if (certainty === 'out-of-scope') return [say('outOfScopeText')];
  const which = certainty === 'undecided' ? [say('undecidedText')] : nodeOf(report, lead).fine ? [] : [say('whichUnknown')];
  if (not_ruled_out.length > 0) {
    const tasks = report.tasks.filter(({ id }) => not_ruled_out.includes(id));
    return [...which, say('flagged', { names: tasks.map(({ positive }) => local(positive.name)).join(', ') })];
  }
  if (certainty !== 'likely' || !alternative) return which;
  return [...which, say(LIKELIHOODS[alternative.likelihood], { name: local(nodeOf(report, alternative.node).name) })];
}

/** @param {Report} report */
function covered({ classes }) {
  return classes.filter((one) => one.covered);
}

/** @param {{name: LocalText, probability: number}} result */
function share({ name, probability }) {
  return `${local(name)} ${percent(probability)}`;
}

/**
 * @param {Report} report
 * @param {(id: string) => void} [changeKind]
 */
function summary(report, changeKind) {
  const outside = report.conclusion.certainty === 'out-of-scope';
  return el(
    'section',
    { className: 'summary' },
    el('h2', { id: 'result-heading', className: 'eyebrow' }, say('resultHeading')),
    el('p', { className: 'headline' }, headline(report)),
    outside ? null : classShares(report),
    ...sentences(report).map((text) => el('p', { className: 'sentence' }, text)),
    report.warnings.length ? warnings(report.warnings) : null,
    el('p', { className: 'caveat' }, say('caveat')),
    outside ? null : closest(report),
    report.photo_kind ? photoKind(report.photo_kind, changeKind) : null,
    el('p', { className: 'hint' }, say('trained', { photos: local(report.model.trained_on) })),
  );
}

/**
 * Which kind of photo it was taken for, the figures that hold for it, and a way to correct it.
 *
 * @param {PhotoKindResult} kind
 * @param {(id: string) => void} [changeKind]
 */
function photoKind({ name, probability, given, figures, others }, changeKind) {
  const taken = given ? say('kindGiven', { name: local(name) }) : say('kindTaken', { name: local(name), percent: percent(probability) });
  const buttons = (changeKind ? others : []).map((other) => {
    const button = el('button', { type: 'button', className: 'link', 'data-kind': other.id }, say('kindChange', { name: local(other.name) }));
    button.addEventListener('click', () => changeKind?.(other.id));
    return button;
  });
  return el('div', { className: 'photo-kind' }, el('p', {}, taken, ' ', ...buttons), figures ? el('p', { className: 'hint' }, local(figures)) : null);
}

/**
 * All of them stand beside the headline: "benign 70 %" alone would hide 30 % malignant.
 *
 * @param {Report} report
 */
function classShares(report) {
  const colours = classColours(report);
  return el(
    'ul',
    { className: 'class-shares' },
    ...covered(report).map(({ id, name, probability }) =>
      el(
        'li',
        { className: `tone-${(colours.get(id) ?? 0) % 6}` },
        el('span', { className: 'dot', 'aria-hidden': true }),
        `${local(name)} `,
        el('span', { className: 'value' }, percent(probability)),
      ),
    ),
  );
}

/** @param {Report} report */
function closest({ fine, tree: nodes }) {
  const known = nodes.filter((node) => node.fine).length;
  return el(
    'div',
    { className: 'closest' },
    el('h3', {}, known === 1 ? say('closestOne') : say('closest', { count: known })),
    el(
      'ol',
      {},
      ...fine
        .slice(0, CLOSEST)
        .map(({ name, probability }) =>
          el('li', {}, el('span', {}, local(name)), ' ', el('span', { className: 'value' }, percent(probability))),
        ),
    ),
  );
}

/** What to do about each warning; a code of a later version has its message only. @type {Record<string, StringKey>} */
const ADVICE = {
  blurred: 'advice-blurred',
  'too-dark': 'advice-too-dark',
  'too-bright': 'advice-too-bright',
  'low-contrast': 'advice-low-contrast',
  'small-photo': 'advice-small-photo',
  'extreme-aspect': 'advice-extreme-aspect',
  'out-of-scope': 'advice-out-of-scope',
};

/** @param {Warning[]} all */
function warnings(all) {
  return el(
    'ul',
    { className: 'note-list' },
    ...all.map(({ code, message }) => {
      const advice = Object.hasOwn(ADVICE, code) ? say(ADVICE[code]) : null;
      return el('li', { className: 'note' }, el('strong', {}, local(message)), advice ? ` ${advice}` : null);
    }),
  );
}

/** @param {Report} report */
function tasks(report) {
  return [el('p', { className: 'hint' }, say('tasksNote')), ...report.tasks.map(taskView)];
}

/** @param {TaskResult} task */
function taskView({ name, positive, negative, mass, applies }) {
  return el(
    'div',
    { className: applies ? 'task' : 'task neither' },
    el('h4', {}, local(name)),
    mass > 0 ? bar(positive.probability) : null,
    mass > 0 ? el('p', { className: 'sides' }, side(positive), ' ', side(negative)) : null,
    applies ? null : el('p', { className: 'hint' }, say('taskNeither', { percent: percent(mass) })),
  );
}

/** @param {SideResult} side */
function side({ name, probability }) {
  return el('span', {}, local(name), ' ', el('span', { className: 'value' }, percent(probability)));
}

/** @param {Report} report */
function background({ model, engine, timings, disclaimer }) {
  const instead = engine.fallback?.code === 'slower-than-cpu' ? 'ranCpuFaster' : 'ranCpuInstead';
  const ran = engine.name !== 'cpu' ? 'ranGpu' : engine.fallback_reason ? instead : 'ranCpu';
  return [
    el('p', {}, local(model.intended_use)),
    el('p', { className: 'note' }, local(disclaimer)),
    el('p', { className: 'engine' }, say(ran, { time: duration(timings.total_ms) })),
  ];
}
