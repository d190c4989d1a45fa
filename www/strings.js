// Every word of the interface, in one place. A locale is one object of the same shape; what index.html shows before
// this script runs is the English text of the same keys, and a test keeps the two alike.

/** @import {LocalText} from './skintree.js' */

const en = {
  title: 'skintree: a research model reads a skin photo',
  badge: 'Research use only',
  heading: 'See how a research model reads a photo of a skin spot',
  lead: 'The photo is examined by your own device, inside this page. It is never uploaded.',
  notice:
    'For research and teaching. This is not a medical device and gives no diagnosis. A low score does not rule out cancer: if a spot is new, changes, bleeds or worries you, show it to a doctor.',
  choose: 'Choose a photo',
  chooseAnother: 'Choose another photo',
  camera: 'Take a photo',
  dropHint: 'or drop it anywhere on this page, or paste it',
  sizeHint: 'With the first photo the model is downloaded too; it then stays in this browser.',
  noScript: 'This page needs JavaScript: the model runs inside it.',
  photoAlt: 'The photo you chose',
  noPreview: 'This browser cannot show this kind of picture.',
  onlyFirst: 'You gave {count} files; only the first is used.',
  noFile: 'No picture file was in there. Save the picture first, then choose the file.',

  aboutPhoto: 'What happens to my photo?',
  aboutPhotoText:
    'It stays on this device. The page fetches the model and nothing else; once the model is here, you can switch the network off. When you close the page, nothing of the photo is left.',
  aboutModel: 'What can the model know?',
  aboutModelText:
    'Only the diagnoses it was trained on, and only from photos like those it has seen. Whatever it is shown, a spot, a rash or a table leg, it divides its belief among those. The answer says which photos it was trained on and marks what it cannot know.',
  aboutPercent: 'What do the percentages mean?',
  aboutPercentText:
    'They show how the model divides its belief among the diagnoses it knows. They are not your chance of having a disease: that depends on your age, your skin, the history of the spot and much that no photo shows.',

  downloading: 'Downloading the model',
  downloaded: '{loaded} of {total} MB',
  downloadNote: 'Only this once: it stays in this browser for the next time.',
  preparing: 'Preparing the model',
  preparingNote: 'It is compiled for this device and tested on a known example.',
  ready: 'The model is ready.',
  classifying: 'Looking at the photo',
  announceDownload: '{percent}% of the model downloaded',
  announceResult: 'Finished. {lean} {classes}. Closest diagnosis: {diagnosis} {diagnosisPercent}.',

  resultHeading: 'What the model says',
  lean: 'The model leans towards',
  leanWeak: 'The model is undecided, with most for',
  closest: 'Closest of the {count} diagnoses it knows',
  closestOne: 'It knows one diagnosis only',
  caveat: 'This is a guess by a research model, not a diagnosis. The percentages are not your chance of having a disease.',
  treeHeading: 'Everything it considered',
  treeNote: 'Each line contains the lines below it. Open a line to see more.',
  unknown: 'the model cannot know this',
  icd: 'ICD-10 {code}',
  tasksHeading: 'Two-way questions',
  tasksNote: 'How the model would answer if there were no other choice.',
  taskNeither: 'Probably neither: both together have only {percent} of the model’s belief.',
  trainedHeading: 'Which photos the model has seen',
  useHeading: 'What it is meant for',
  ranGpu: 'Ran on the graphics processor in {time}.',
  ranCpu: 'Ran on the main processor in {time}.',
  ranCpuInstead: 'Ran on the main processor in {time}, as no graphics processor could be used; the details say why. The answer is the same.',
  save: 'Save this report (JSON)',
  details: 'Technical details',
  detailModel: 'Model',
  detailLicence: 'Licence',
  detailModelHash: 'Model file, SHA-256',
  detailManifestHash: 'Manifest, SHA-256',
  detailEngine: 'Engine',
  detailEngineValue: '{name} (asked for: {requested})',
  detailAdapter: 'Graphics processor',
  detailFallback: 'Why not on the graphics processor',
  detailSelfTest: 'Self-test, largest difference',
  detailPhoto: 'Photo',
  detailPhotoValue: '{format}, {width} × {height} pixels, orientation {orientation}',
  detailPhotoHash: 'Photo, SHA-256',
  detailTimings: 'Time taken',
  detailTimingsValue: 'decoding {decode}, scaling {input}, network {engine}, roll-up {rollup}, in all {total}',
  under: '< {percent}',
  over: '> {percent}',

  retry: 'Try again',
  retryCpu: 'Try again without the graphics processor',
  errorCode: 'Error {code}: {message}',
  'error-photo-format': 'This kind of picture cannot be read here',
  'error-photo-format-help': 'Choose a JPEG or PNG photo. Some phones store HEIC: a screenshot, or “most compatible” in the camera settings, gives a picture that works.',
  'error-photo-broken': 'The picture file is damaged',
  'error-photo-broken-help': 'It ends too early or was changed on the way. Copy it anew from the camera, or choose another photo.',
  'error-photo-too-large': 'The picture is too large',
  'error-photo-too-large-help': 'Crop it to the spot, or save it in a smaller size, and choose it again.',
  'error-network': 'The model could not be downloaded',
  'error-network-help': 'Check the connection and try again. What has been downloaded whole is kept.',
  'error-pack': 'The model on this site is not usable',
  'error-pack-help': 'Its files do not fit together, so it is not used. Try again later, or tell those who run this site.',
  'error-engine': 'The model cannot run in this browser',
  'error-engine-help': 'Try another or a newer browser: Chrome, Edge, Firefox and Safari of the last two years work.',
  'error-gpu': 'The graphics processor gave up',
  'error-gpu-help': 'This happens after sleep, with a full memory or a driver fault. The main processor can do the work too, only slower.',
  'error-internal': 'Something went wrong in this page',
  'error-internal-help': 'Try again. If it stays, please report it with the line below.',
};

/** @typedef {typeof en} Strings */
/** @typedef {keyof Strings} StringKey */

/** @type {Record<string, Strings>} */
const locales = { en };

/** @type {string} */
let language = 'en';

export function currentLanguage() {
  return language;
}

/** @param {string} wanted a language tag; what we don't have becomes English */
export function setLanguage(wanted) {
  const [base] = wanted.toLowerCase().split('-');
  language = base in locales ? base : 'en';
}

/**
 * @param {StringKey} key
 * @param {Record<string, string | number>} [values]
 */
export function say(key, values = {}) {
  return locales[language][key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * A text that came with the model.
 *
 * @param {LocalText} text
 */
export function local(text) {
  return text[language] ?? text.en;
}

/** @param {number} probability */
export function percent(probability) {
  /** @param {number} value */
  const format = (value) => new Intl.NumberFormat(language, { style: 'percent' }).format(value);
  // A rounded 0 % or 100 % would claim a certainty that no model has.
  if (probability < 0.005) return say('under', { percent: format(0.01) });
  if (probability > 0.995) return say('over', { percent: format(0.99) });
  return format(probability);
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(bytes / 1e6);
}

/** @param {number} ms */
export function duration(ms) {
  const [unit, value] = ms < 999.5 ? ['millisecond', ms] : ['second', ms / 1000];
  const maximumFractionDigits = ms < 10 || unit === 'second' ? 1 : 0;
  return new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits }).format(value);
}
