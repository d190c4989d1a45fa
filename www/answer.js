// What a report comes down to, before it is put into words: how sure the model is, of what, and what it does not rule
// out. Pure, so that it can be tested without a page.

/** @import {Report, TaskResult, TreeNode} from './skintree.js' */

/** From here on a node is called the most likely one. Below, saying so would claim more than the model knows. */
const LIKELY = 0.6;
/** From here on an alternative is called possible. */
const POSSIBLE = 0.25;
/** From here on it is called less likely; below, unlikely. */
const LESS_LIKELY = 0.05;
/** Below this, a two-way question is not about what the photo shows. */
export const MIN_TASK_MASS = 0.1;

/** What is wrong with a photo rather than with what it shows. */
const QUALITY = ['blurred', 'too-dark', 'too-bright', 'low-contrast', 'small-photo', 'extreme-aspect'];

/**
 * @typedef {object} Answer
 * @property {'likely' | 'undecided' | 'out-of-scope'} kind
 * @property {TreeNode} lead the deepest node that is likely; when undecided, the most probable class
 * @property {TreeNode} leadClass the class that `lead` lies in
 * @property {{node: TreeNode, how: 'possible' | 'lessLikely' | 'unlikely'} | null} alternative the most probable
 *   diagnosis in another class
 * @property {TaskResult[]} flagged questions whose answer is "no", but not at the setting that misses few
 * @property {boolean} poorPhoto the photo's quality speaks against the answer
 */

/**
 * @param {Report} report
 * @returns {Answer}
 */
export function answerOf(report) {
  const nodes = new Map(report.tree.map((node) => [node.id, node]));
  const topClass = nodeOf(nodes, report.classes[0]);
  const likely = [report.fine[0], report.groups[0], report.classes[0]].find((one) => one && one.probability >= LIKELY);
  const lead = likely ? nodeOf(nodes, likely) : topClass;
  const leadClass = rootOf(nodes, lead);
  const other = report.tree
    .filter((node) => node.fine && rootOf(nodes, node) !== leadClass)
    .reduce((/** @type {TreeNode | null} */ best, node) => (best && best.probability >= node.probability ? best : node), null);
  return {
    kind: isOutOfScope(report) ? 'out-of-scope' : likely ? 'likely' : 'undecided',
    lead,
    leadClass,
    alternative: other && { node: other, how: howLikely(other.probability) },
    flagged: report.tasks.filter(isFlagged),
    poorPhoto: report.warnings.some(({ code }) => QUALITY.includes(code)),
  };
}

/** @param {Report} report */
function isOutOfScope({ scope, warnings }) {
  return scope?.in_scope === false || warnings.some(({ code }) => code === 'out-of-scope');
}

/** @param {TaskResult} task */
function isFlagged({ positive, operating_points, mass }) {
  const point = operating_points?.find(({ id }) => id.startsWith('sensitivity'));
  return mass >= MIN_TASK_MASS && positive.probability < 0.5 && point?.positive === true;
}

/** @param {number} probability */
function howLikely(probability) {
  return probability >= POSSIBLE ? 'possible' : probability >= LESS_LIKELY ? 'lessLikely' : 'unlikely';
}

/**
 * @param {Map<string, TreeNode>} nodes
 * @param {{id: string}} result
 */
function nodeOf(nodes, { id }) {
  const node = nodes.get(id);
  if (!node) throw new Error(`the report's tree has no ${id}`);
  return node;
}

/**
 * @param {Map<string, TreeNode>} nodes
 * @param {TreeNode} node
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
