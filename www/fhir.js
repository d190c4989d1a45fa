// A report as FHIR R4, for portals that keep records: a preliminary DiagnosticReport with the RiskAssessment and the
// Device in it. A pure function of the report; needs nothing else of skintree, so a portal can keep a copy of this file.

/** @import {FineResult, Report} from './skintree.js' */
/** @import {CodeableConcept, Device, DiagnosticReport, Reference, RiskAssessment} from 'fhir/r4.js' */

/** Where R4 wants a RiskAssessment, as `result` takes Observations only. */
const RISK = 'http://hl7.org/fhir/StructureDefinition/diagnosticReport-risk';
const ICD_10 = 'http://hl7.org/fhir/sid/icd-10';

/**
 * @typedef {object} FhirOptions
 * @property {Reference} [subject] the patient; without it the references only say that none was given
 * @property {string} [effectiveDateTime] when the photo was taken
 * @property {string} [issued] an instant; now, if left out
 * @property {string} [language] of names and notes, where the pack has them; `en`
 */

/**
 * @param {Report} report
 * @param {FhirOptions} [options]
 * @returns {DiagnosticReport & {contained: [Device, RiskAssessment]}}
 */
export function toFhir(report, { subject, effectiveDateTime, issued = new Date().toISOString(), language = 'en' } = {}) {
  const text = (/** @type {import('./skintree.js').LocalText} */ local) => local[language] ?? local.en;
  const notes = [
    text(report.disclaimer),
    conclusionOf(report, text),
    text(report.model.trained_on),
    ...report.warnings.map(({ message }) => text(message)),
    ...(report.photo_kind ? [`Photo taken for: ${text(report.photo_kind.name)}${report.photo_kind.given ? ' (as the caller said)' : ''}`] : []),
    `SHA-256 of the photo: ${report.photo.sha256}`,
  ];

  /** @type {Device} */
  const device = {
    resourceType: 'Device',
    id: 'model',
    identifier: [{ type: { text: 'SHA-256 of the model file' }, value: report.model.sha256 }],
    deviceName: [{ name: report.model.id, type: 'model-name' }],
    type: { text: 'Image classification model, research use only' },
    version: [
      { type: { text: 'model' }, value: report.model.version },
      { type: { text: 'SHA-256 of the manifest' }, value: report.model.manifest_sha256 },
      { type: { text: 'engine' }, value: report.engine.name },
    ],
  };

  /** @type {RiskAssessment} */
  const risk = {
    resourceType: 'RiskAssessment',
    id: 'risk',
    status: 'preliminary',
    // Required in R4.
    subject: subject ?? { display: 'not given' },
    occurrenceDateTime: issued,
    performer: { reference: '#model' },
    method: { text: 'Class probabilities of an image classifier; not the risk of having the disease' },
    // All classes, not the top-k: a record should not hide the unlikely ones.
    prediction: report.tree.filter(({ fine }) => fine).map((node) => ({
      outcome: outcomeOf(node, text(node.name)),
      // R4 wants percentages here.
      probabilityDecimal: Math.round(node.probability * 1e6) / 1e4,
    })),
    note: notes.map((note) => ({ text: note })),
  };

  return {
    resourceType: 'DiagnosticReport',
    contained: [device, risk],
    extension: [{ url: RISK, valueReference: { reference: '#risk' } }],
    status: 'preliminary',
    code: { text: 'Skin lesion photo, classified by a research model' },
    ...(subject ? { subject } : {}),
    ...(effectiveDateTime ? { effectiveDateTime } : {}),
    issued,
    conclusion: text(report.disclaimer),
  };
}

/**
 * The report's conclusion in one sentence, names in the language of `text`.
 *
 * @param {Report} report
 * @param {(local: import('./skintree.js').LocalText) => string} text
 */
function conclusionOf({ conclusion, tree, tasks }, text) {
  const { certainty, lead, lead_class, not_ruled_out } = conclusion;
  const name = (/** @type {string} */ id) => {
    const node = tree.find((one) => one.id === id);
    return node ? text(node.name) : id;
  };
  const first = {
    likely: `Most likely for the model: ${name(lead)} (${name(lead_class)})`,
    undecided: 'Undecided: the model finds nothing likely enough to be named',
    'out-of-scope': 'No answer: the photo does not look like those the model knows',
  }[certainty];
  const open = certainty === 'out-of-scope' ? [] : tasks.filter(({ id }) => not_ruled_out.includes(id));
  return [first, ...open.map(({ positive }) => `not ruled out: ${text(positive.name)}`)].join('; ');
}

/**
 * @param {FineResult} node
 * @param {string} name
 * @returns {CodeableConcept}
 */
function outcomeOf({ icd10 }, name) {
  return { ...(icd10 ? { coding: [{ system: ICD_10, code: icd10 }] } : {}), text: name };
}
