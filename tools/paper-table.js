// Writes the accuracies of reports of an evaluation beside those of Esteva et al. 2017 into a document, between its marks.
//
//     node tools/paper-table.js docs/evaluation.md dermoscopic=evaluation/report.json ordinary=evaluation-clinical/report.json

import { readFileSync, writeFileSync } from 'node:fs';

const [documentPath, ...named] = process.argv.slice(2);
if (named.length === 0) throw new Error('say which document and which reports: node tools/paper-table.js document.md NAME=report.json ...');

const reports = named.map((argument) => {
  const [name, path] = argument.split('=');
  return { name, report: JSON.parse(readFileSync(path, 'utf8')) };
});
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

const rows = Object.entries(PAPER).flatMap(([level, paper]) =>
  reports.map(({ name, report }) => {
    const { accuracy, balanced_accuracy } = report[level];
    return `| ${paper.name} | ${paper.model} | ${paper.dermatologists} | ${name} | ${report.data.photos} | ${estimate(accuracy)} | ${estimate(balanced_accuracy)} |`;
  }),
);
const { model } = reports[0].report;
const table = [
  `${model.id} ${model.version}. Per cent, with 95 % intervals.`,
  '',
  ...reports.map(({ name, report }) => `- ${name}: ${report.data.selection.join('; ')}`),
  '',
  '| level | paper: model | paper: two dermatologists | photos | how many | accuracy | balanced accuracy |',
  '|---|---|---|---|---|---|---|',
  ...rows,
].join('\n');
writeFileSync(documentPath, text.replace(marks, (_, start, end) => `${start}\n${table}\n\n${end}`));
