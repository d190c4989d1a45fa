// An evaluation without a network: a table whose labels may be unknown, photos that may fail, and as its report the one of
// the shipped model, which the server has.

import { makeReport } from './report.js';
import { trap } from './trap.js';

/** @import {LabelOptions, TableColumns} from '../../../www/interface/wasm.js' */

/** @param {Uint8Array} table */
const rowsOf = (table) => new TextDecoder().decode(table).trim().split('\n').map((line) => line.split(','));

/** @param {Uint8Array} table @returns {TableColumns} */
export function tableColumns(table) {
  const names = rowsOf(table)[0];
  const [file, label] = ['file', 'label'].map((name) => (names.includes(name) ? name : null));
  return { names, file, label, lesion: null, fold: null };
}

/** @param {Uint8Array} csv @param {LabelOptions} options */
function labelled(csv, { fileColumn, labelColumn }) {
  const [header, ...rows] = rowsOf(csv);
  const [file, label] = [fileColumn, labelColumn].map((column) => header.indexOf(column));
  if (rows.length === 0) throw Object.assign(new Error('the labels have no rows below the header line; correct the CSV file'), { code: 'labels' });
  return rows.map((row) => ({ file: row[file], label: row[label] }));
}

let html = '';

export default async function init() {
  html = await (await fetch('/evaluation.html')).text();
}

export class WebEvaluation {
  #fake;

  /** @param {Uint8Array} manifest */
  constructor(manifest) {
    this.#fake = JSON.parse(new TextDecoder().decode(manifest)).fake ?? {};
  }

  nodes() {
    return makeReport({}).tree.map(({ id, name }) => ({ id, name }));
  }

  /** @param {Uint8Array} csv @param {LabelOptions} options */
  unknownLabels(csv, options) {
    const ids = new Set(this.nodes().map(({ id }) => id));
    const unknown = labelled(csv, options).filter(({ label }) => options.map[label] !== '' && !ids.has(options.map[label] ?? label));
    return [...new Set(unknown.map(({ label }) => label))].map((name) => ({ name, rows: unknown.filter(({ label }) => label === name).length }));
  }

  /** @param {Uint8Array} csv @param {LabelOptions} options */
  study(csv, options) {
    return new WebStudy(this.#fake, csv, options);
  }
}

class WebStudy {
  /** @type {string[]} */
  #files;
  /** Whether it succeeded. @type {Map<string, boolean>} */
  #tried = new Map();
  #fake;

  /** @param {any} fake @param {Uint8Array} csv @param {LabelOptions} options */
  constructor(fake, csv, options) {
    this.#fake = fake;
    this.#files = labelled(csv, options).map(({ file }) => file);
  }

  files() {
    return this.#files;
  }

  pending() {
    return Uint32Array.from(this.#files.flatMap((file, place) => (this.#tried.has(file) ? [] : [place])));
  }

  /** @param {string} file */
  answered(file) {
    this.#tried.set(file, true);
  }

  confirm() {
    return true;
  }

  /** @param {string} file */
  failed(file) {
    this.#tried.set(file, false);
  }

  saved() {
    return [...this.#tried].flatMap(([file, answered]) => (answered ? [file] : [])).join('\n');
  }

  /** @param {string} text */
  restore(text) {
    const files = text.split('\n').filter((file) => file);
    for (const file of files) this.answered(file);
    return files.length;
  }

  finish() {
    if (this.#fake.finish_trap) trap();
    return { json: '{}', html };
  }

  free() {}
}

/** @param {string[]} paths @param {string[]} files */
export function findPhotos(paths, files) {
  const failure = 'there is no such photo in the folder; check its path in the table and the folder of the photos';
  return files.map((file) => (paths.includes(file) ? { place: paths.indexOf(file), failure: null } : { place: null, failure }));
}
