// The conclusion of a made-up report. What the Rust code concludes stands in tests/golden/conclusions.json, to which
// report.test.js holds this stand-in.

/** @import {Conclusion, Report, TreeResult} from '../../../www/skintree.js' */

/**
 * @param {Pick<Report, 'tree' | 'fine' | 'groups' | 'classes' | 'tasks' | 'scope' | 'warnings'>} report
 * @returns {Conclusion}
 */
export function conclude({ tree, fine, groups, classes, tasks, scope, warnings }) {
  const likely = [fine[0], groups[0], classes[0]].find((one) => one.probability >= 0.6);
  const lead = (likely ?? classes[0]).id;
  const root = (/** @type {string} */ id) => {
    /** @type {TreeResult | undefined} */
    let node = tree.find((one) => one.id === id);
    while (node?.parent) {
      const { parent } = node;
      node = tree.find((one) => one.id === parent);
    }
    return node?.id ?? id;
  };
  const elsewhere = tree.filter((node) => node.fine && root(node.id) !== root(lead));
  const other = elsewhere.reduce((best, node) => (node.probability > best.probability ? node : best), elsewhere[0]);
  const flagged = tasks.filter(
    ({ mass, positive, operating_points }) => mass >= 0.1 && positive.probability < 0.5 && operating_points.find(({ id }) => id === 'sensitivity-95')?.positive,
  );
  return {
    certainty: scope?.in_scope === false ? 'out-of-scope' : likely ? 'likely' : 'undecided',
    lead,
    lead_class: root(lead),
    alternative: other && {
      node: other.id,
      likelihood: other.probability >= 0.25 ? 'possible' : other.probability >= 0.05 ? 'less-likely' : 'unlikely',
    },
    not_ruled_out: flagged.map(({ id }) => id),
    poor_photo: warnings.some(({ code }) => code !== 'out-of-scope'),
  };
}
