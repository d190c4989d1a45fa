// Writes the accuracies of a report.json beside those of Esteva et al. 2017 into a document, between its marks.
//
//     node tools/paper-table.js evaluation/report.json docs/evaluation.md model/cross-validation.json
//
// The last gives the column "over folds"; without it that comes from the report, if it has folds.

import { readFileSync, writeFileSync } from 'node:fs';

const [reportPath, documentPath, foldsPath] = process.argv.slice(2);
if (!documentPath) throw new Error('say which report and which document: node tools/paper-table.js report.json document.md');

const report = JSON.parse(readFileSync(reportPath, 'utf8'));
const crossValidation = foldsPath ? JSON.parse(readFileSync(foldsPath, 'utf8')) : null;
const text = readFileSync(documentPath, 'utf8');
const marks = /(<!-- table:[^\n]*-->\n)[^]*?(<!-- end of table -->)/;
if (!marks.test(text)) throw new Error(`${documentPath} has no marks for the table`);

/** Accuracy in per cent: the model (mean and standard deviation over nine folds), its two dermatologists. */
const PAPER = {
  classes: { name: 'three-way', model: '72.1 ± 0.9', dermatologists: '65.6 and 66.0' },
  groups: { name: 'nine-way', model: '55.4 ± 1.7', dermatologists: '53.3 and 55.0' },
};

const percent = (value) => (value === null ? '–' : (value * 100).toFixed(1));
const estimate = ({ value, interval }) => percent(value) + (interval ? ` (${interval.map(percent).join(' to ')})` : '');
const spread = (mean, deviation, count) => `${percent(mean)} ± ${percent(deviation)}, ${count} folds`;
/** @param {string} key Of `mean` and `deviation` in cross-validation.json. */
const overFolds = (folds, key) => {
  if (crossValidation) return spread(crossValidation.mean[key], crossValidation.deviation[key], crossValidation.folds.length);
  return folds?.folds.length > 1 ? spread(folds.mean, folds.standard_deviation, folds.folds.length) : 'one model';
};

const rows = Object.entries(PAPER).map(([level, paper]) => {
  const ours = report[level];
  return `| ${paper.name} | ${paper.model} | ${paper.dermatologists} | ${estimate(ours.accuracy)} | ${estimate(ours.balanced_accuracy)} | ${overFolds(ours.folds, `accuracy ${paper.name}`)} |`;
});
const table = [
  `${report.model.id} ${report.model.version} on ${report.data.photos} photos (${report.data.selection.join('; ')}). Per cent, with 95 % intervals.`,
  '',
  '| level | paper: model | paper: two dermatologists | accuracy | balanced accuracy | over folds |',
  '|---|---|---|---|---|---|',
  ...rows,
].join('\n');
writeFileSync(documentPath, text.replace(marks, (_, start, end) => `${start}\n${table}\n\n${end}`));
