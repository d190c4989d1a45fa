// The nodes of a report's tree by id.

/** @import {Report, TreeResult} from '../skintree.js' */

/** The newest schema of reports, and the only one that this version shows. */
const SCHEMA = 'skintree.report/2';

/**
 * Whether a report that was kept can be shown. Before schema 2 reports had no conclusion.
 *
 * @param {Report} report
 */
export function isReadable(report) {
  return report.schema === SCHEMA;
}

/**
 * @param {Report} report
 * @param {string} id
 * @returns {TreeResult}
 */
export function nodeOf({ tree }, id) {
  const node = tree.find((one) => one.id === id);
  if (!node) throw new Error(`the report's tree has no ${id}`);
  return node;
}

/**
 * The class that a node is or lies in.
 *
 * @param {Map<string, TreeResult>} nodes
 * @param {TreeResult} node
 */
export function rootOf(nodes, node) {
  let root = node;
  for (let up = nodes.get(node.parent ?? ''); up; up = nodes.get(up.parent ?? '')) root = up;
  return root;
}

/**
 * Which of the class colours a class has. By name and not by rank, so that it keeps its colour from photo to photo.
 *
 * @param {Report} report
 * @returns {Map<string, number>} from the id of a class, counted from 0
 */
export function classColours({ classes }) {
  return new Map(classes.map(({ id }) => id).sort().map((id, i) => [id, i]));
}
