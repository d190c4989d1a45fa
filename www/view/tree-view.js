// The disease tree with the model's belief in it: a picture of three rows, and a list to open and search, which holds
// the same and more. Fit for eight diagnoses as for a tree of thousands: what is not looked at is not built.

import { classColours, rootOf } from './report-nodes.js';
import { bar, el, scrollTo } from './dom.js';
import { local, percent, say } from './strings.js';

/** @import {Report, TreeResult} from '../skintree.js' */

/** Nodes below this are told apart only on request, where there are many. */
const MATTERS = 0.01;
/** So many siblings are shown whatever they have. */
const FEW = 6;
/** From so many nodes on there is a search field. */
const MANY = 40;
const MOST_FOUND = 30;
const ROWS = 3;

/** What the parts of this file need to know of the report. */
class Tree {
  /** @param {Report} report */
  constructor(report) {
    this.nodes = new Map(report.tree.map((node) => [node.id, node]));
    /** @type {Map<string | null, TreeResult[]>} */
    this.children = new Map();
    for (const node of report.tree) {
      const siblings = this.children.get(node.parent);
      if (siblings) siblings.push(node);
      else this.children.set(node.parent, [node]);
    }
    this.colours = classColours(report);
    /** The lines of the list built so far. @type {Map<string, HTMLElement>} */
    this.lines = new Map();
    /** Opens a line that has others below it. @type {Map<string, () => void>} */
    this.openers = new Map();
    /** The nodes above the most probable diagnosis, and itself. */
    this.path = new Set(this.pathTo(report.fine[0].id).map(({ id }) => id));
  }

  /** @param {TreeResult | null} node */
  below(node) {
    return this.children.get(node?.id ?? null) ?? [];
  }

  /** @param {string} id @returns {TreeResult[]} from the root down */
  pathTo(id) {
    const path = [];
    for (let node = this.nodes.get(id); node; node = this.nodes.get(node.parent ?? '')) path.unshift(node);
    return path;
  }

  /** @param {TreeResult} node */
  colourOf(node) {
    return `tone-${(this.colours.get(rootOf(this.nodes, node).id) ?? 0) % 6}`;
  }
}

/**
 * @param {Report} report
 * @returns {HTMLElement[]}
 */
export function treeView(report) {
  const tree = new Tree(report);
  return [
    el('p', { className: 'hint' }, say('pictureNote')),
    picture(tree),
    ...(report.tree.length >= MANY ? search(tree) : []),
    el('p', { className: 'hint' }, say('treeNote')),
    list(tree, null),
  ];
}

/** @param {Tree} tree */
function picture(tree) {
  const element = el('div', { className: 'icicle', 'aria-hidden': true });
  element.append(...cells(tree, null, 1, ROWS));
  // The picture leads to the list. Only a short cut: the list is open to everyone, so this one need not be.
  element.addEventListener('click', ({ target }) => {
    const cell = target instanceof Element ? target.closest('.cell') : null;
    if (cell instanceof HTMLElement && cell.dataset.node) pointOut(tree, cell.dataset.node);
  });
  return element;
}

/**
 * Opens the list down to a node and marks its line.
 *
 * @param {Tree} tree
 * @param {string} id
 */
function pointOut(tree, id) {
  const above = tree.pathTo(id).slice(0, -1);
  for (const node of above) tree.openers.get(node.id)?.();
  for (const line of tree.lines.values()) line.classList.remove('pointed-out');
  const line = tree.lines.get(id);
  if (!line) return;
  line.classList.add('pointed-out');
  scrollTo(line, 'nearest');
}

/**
 * @param {Tree} tree
 * @param {TreeResult | null} parent
 * @param {number} whole what the parent has
 * @param {number} rows still to come, this one among them
 * @returns {HTMLElement[]}
 */
function cells(tree, parent, whole, rows) {
  if (rows === 0) {
    return [];
  }
  const shown = tree.below(parent).filter(({ probability }) => probability >= MATTERS);
  const own = parent?.fine ? whole - tree.below(parent).reduce((sum, { probability }) => sum + probability, 0) : 0;
  const rest = whole - own - shown.reduce((sum, { probability }) => sum + probability, 0);
  return [
    ...shown.map((node) => {
      const cell = el(
        'div',
        { className: `cell ${tree.colourOf(node)}`, title: `${local(node.name)}: ${percent(node.probability)}` },
        el(
          'div',
          { className: `cell-box row-${ROWS - rows}` },
          el('span', { className: 'cell-name' }, local(node.name)),
          ' ',
          el('span', { className: 'cell-value' }, percent(node.probability)),
        ),
        el('div', { className: 'cell-below' }, ...cells(tree, node, node.probability, rows - 1)),
      );
      cell.dataset.node = node.id;
      cell.style.setProperty('--share', String(node.probability / whole));
      return cell;
    }),
    // The many small ones, so that the widths stay true.
    ...(rest > 0.004 && shown.length < tree.below(parent).length ? [sliver(rest / whole)] : []),
  ];
}

/** @param {number} share */
function sliver(share) {
  const cell = el('div', { className: 'cell sliver', title: say('treeRest') }, el('div', { className: 'cell-box' }));
  cell.style.setProperty('--share', String(share));
  return cell;
}

/**
 * @param {Tree} tree
 * @param {TreeResult | null} parent
 * @returns {HTMLElement}
 */
function list(tree, parent) {
  const siblings = tree.below(parent);
  const element = el('ul', { className: parent ? 'branch' : 'tree' });
  const matters = siblings.filter((node, i) => node.probability >= MATTERS || tree.path.has(node.id) || (i < 3 && node.covered));
  const shown = siblings.length <= FEW ? siblings : matters;
  element.append(...shown.map((node) => item(tree, node, parent)));
  const hidden = siblings.filter((node) => !shown.includes(node));
  if (hidden.length > 0) {
    const more = el('button', { type: 'button', className: 'link' }, say('treeMore', { count: hidden.length }));
    const place = el('li', { className: 'more' }, more);
    more.addEventListener('click', () => {
      const items = hidden.map((node) => item(tree, node, parent));
      place.replaceWith(...items);
      items[0].tabIndex = -1;
      items[0].focus();
    });
    element.append(place);
  }
  return element;
}

/**
 * @param {Tree} tree
 * @param {TreeResult} node
 * @param {TreeResult | null} parent
 */
function item(tree, node, parent) {
  const line = row(node, !parent || parent.covered);
  const className = `${node.level} ${tree.colourOf(node)}`;
  if (tree.below(node).length === 0) {
    const leaf = el('li', { className }, el('div', { className: 'leaf' }, line));
    tree.lines.set(node.id, leaf);
    return leaf;
  }
  const details = el('details', {}, el('summary', {}, line));
  const fill = () => {
    if (details.childElementCount === 1) details.append(list(tree, node));
  };
  const open = () => {
    fill();
    details.open = true;
  };
  details.addEventListener('toggle', fill);
  const branch = el('li', { className }, details);
  tree.lines.set(node.id, branch);
  tree.openers.set(node.id, open);
  // Open from the start: the way down to the closest diagnosis, and the classes with something in them.
  if (tree.path.has(node.id) || (!parent && node.probability >= MATTERS)) {
    open();
  }
  return branch;
}

/**
 * @param {TreeResult} node
 * @param {boolean} within whether the node above is covered: where a whole branch is unknown, that is said once
 */
function row(node, within) {
  return el(
    'span',
    { className: node.covered ? 'row' : 'row uncovered' },
    el(
      'span',
      { className: 'name' },
      local(node.name),
      ' ',
      node.icd10 ? el('span', { className: 'icd' }, say('icd', { code: node.icd10 })) : null,
    ),
    ' ',
    node.covered ? el('span', { className: 'value' }, percent(node.probability)) : null,
    node.covered ? bar(node.probability) : null,
    !node.covered && (within || node.level !== 'disease') ? el('span', { className: 'unknown' }, say('unknown')) : null,
    node.note ? el('span', { className: 'tree-note' }, local(node.note)) : null,
  );
}

/** @param {Tree} tree @returns {HTMLElement[]} */
function search(tree) {
  const field = el('input', { type: 'search', autocomplete: 'off', spellcheck: false });
  const count = el('p', { className: 'hint', role: 'status' });
  const found = el('ul', { className: 'found' });
  field.addEventListener('input', () => {
    const wanted = field.value.trim().toLocaleLowerCase();
    const hits = wanted ? [...tree.nodes.values()].filter((node) => matches(node, wanted)) : [];
    found.replaceChildren(...hits.slice(0, MOST_FOUND).map((node) => hit(tree, node)));
    count.textContent = wanted ? say('treeFound', { count: hits.length, shown: Math.min(hits.length, MOST_FOUND) }) : '';
  });
  return [el('label', { className: 'search' }, el('span', {}, say('treeSearch')), field), count, found];
}

/**
 * @param {TreeResult} node
 * @param {string} wanted
 */
function matches({ name, icd10 }, wanted) {
  return [...Object.values(name), icd10].some((text) => text?.toLocaleLowerCase().includes(wanted));
}

/**
 * @param {Tree} tree
 * @param {TreeResult} node
 */
function hit(tree, node) {
  const above = tree.pathTo(node.id).slice(0, -1);
  return el(
    'li',
    { className: tree.colourOf(node) },
    above.length ? el('span', { className: 'found-path' }, above.map(({ name }) => local(name)).join(' › ')) : null,
    row(node, true),
  );
}
