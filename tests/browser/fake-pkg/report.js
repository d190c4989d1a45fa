// A report as the real module makes it, for an eight-class pack whose tree has groups no class lies in.

import { conclude } from './conclusion.js';

/** @import {HeatMap, Level, OperatingPointResult, Report} from '../../../www/skintree.js' */

/** @typedef {[id: string, parent: string | null, level: Level, en: string, own?: number, icd10?: string, note?: string]} Row */

/** What `auto` says where there is no GPU. */
const NO_GPU = {
  fallback: {
    code: /** @type {const} */ ('engine-unavailable'),
    message: { en: 'No graphics processor can be used here.', ko: '여기서는 사용할 수 있는 GPU(그래픽 처리 장치)가 없습니다.' },
  },
  fallback_reason: 'no WebGPU adapter was found',
};

/** @type {Row[]} */
const NODES = [
  ['benign', null, 'class', 'Benign'],
  ['malignant', null, 'class', 'Malignant'],
  ['non-neoplastic', null, 'class', 'Non-neoplastic'],
  ['benign-melanocytic', 'benign', 'group', 'Benign melanocytic lesions'],
  ['benign-epidermal', 'benign', 'group', 'Benign epidermal tumours, hamartomas, milia and growths'],
  ['benign-dermal', 'benign', 'group', 'Benign dermal tumours, cysts, sinuses'],
  ['malignant-melanoma', 'malignant', 'group', 'Malignant melanoma'],
  ['malignant-epidermal', 'malignant', 'group', 'Malignant and premalignant epidermal tumours'],
  ['malignant-dermal', 'malignant', 'group', 'Malignant dermal tumours'],
  ['lymphoma', 'malignant', 'group', 'Cutaneous lymphoma and lymphoid infiltrates'],
  ['inflammatory', 'non-neoplastic', 'group', 'Inflammatory conditions'],
  ['genodermatoses', 'non-neoplastic', 'group', 'Genodermatoses and supernumerary growths'],
  ['nv', 'benign-melanocytic', 'disease', 'Melanocytic naevus', 0.71, 'D22'],
  ['bkl', 'benign-epidermal', 'disease', 'Benign keratosis', 0.112, 'L82', 'Seborrhoeic keratosis, solar lentigo and lichen-planus-like keratosis taken together.'],
  ['df', 'benign-dermal', 'disease', 'Dermatofibroma', 0.021, 'D23'],
  ['vasc', 'benign-dermal', 'disease', 'Vascular lesion', 0.004, 'D18'],
  ['mel', 'malignant-melanoma', 'disease', 'Melanoma', 0.117, 'C43'],
  ['bcc', 'malignant-epidermal', 'disease', 'Basal cell carcinoma', 0.02, 'C44'],
  ['ak', 'malignant-epidermal', 'disease', 'Actinic keratosis', 0.0125, 'L57.0'],
  ['scc', 'malignant-epidermal', 'disease', 'Squamous cell carcinoma', 0.0035, 'C44'],
  ['merkel', 'malignant-dermal', 'disease', 'Merkel cell carcinoma', undefined, 'C4A'],
];

/** @type {Record<string, string>} */
const KOREAN = {
  benign: '양성',
  malignant: '악성',
  'non-neoplastic': '비종양성',
  'benign-melanocytic': '양성 멜라닌세포 병변',
  'benign-epidermal': '양성 표피 종양, 과오종, 비립종 및 증식물',
  'benign-dermal': '양성 진피 종양, 낭종 및 피부동',
  'malignant-melanoma': '악성 흑색종',
  'malignant-epidermal': '악성 및 전암성 표피 종양',
  'malignant-dermal': '악성 진피 종양',
  lymphoma: '피부 림프종 및 림프구 침윤',
  inflammatory: '염증성 질환',
  genodermatoses: '유전피부질환 및 과잉 증식물',
  nv: '멜라닌세포모반',
  bkl: '양성 각화증',
  df: '피부섬유종',
  vasc: '양성 혈관 병변',
  mel: '흑색종',
  bcc: '기저세포암',
  ak: '광선각화증',
  scc: '편평세포암',
  merkel: '메르켈세포암',
};

/**
 * The groups of above with 757 diagnoses below them, up to five levels deep: 2,000 nodes.
 *
 * @returns {Row[]}
 */
function bigTree() {
  const rows = NODES.filter(([, , level]) => level !== 'disease');
  const groups = rows.filter(([, , level]) => level === 'group').map(([id]) => id);
  /** @type {string[]} */
  const inner = [];
  const between = 2000 - rows.length - 757;
  for (let i = 0; i < between; i++) {
    const parent = i < 90 ? groups[i % groups.length] : inner[(i * 7) % Math.min(i, 400)];
    inner.push(`family-${i}`);
    rows.push([`family-${i}`, parent, 'disease', `Family ${i} of disorders`]);
  }
  // A few have most, the rest next to nothing, as a real softmax has it.
  const weights = Array.from({ length: 757 }, (_, i) => 1 / (1 + i) ** 1.6);
  const sum = weights.reduce((a, b) => a + b);
  for (let i = 0; i < 757; i++) {
    rows.push([`d-${i}`, inner[(i * 31) % between], 'disease', `Disorder number ${i}`, weights[i] / sum, `L${i % 99}.${i % 10}`]);
  }
  return rows;
}

/** @param {Row[]} rows */
function probabilities(rows) {
  /** @type {Map<string | null, Row[]>} */
  const children = new Map();
  for (const row of rows) children.set(row[1], [...(children.get(row[1]) ?? []), row]);
  /** @type {Map<string, number>} */
  const all = new Map();
  /** @param {Row} row @returns {number | undefined} */
  const visit = (row) => {
    const below = (children.get(row[0]) ?? []).map(visit);
    const known = [row[4], ...below].filter((p) => p !== undefined);
    if (known.length === 0) return undefined;
    const p = known.reduce((a, b) => a + b, 0);
    all.set(row[0], p);
    return p;
  };
  for (const root of children.get(null) ?? []) visit(root);
  return all;
}

/** @param {Map<string, number>} all @param {string[]} positive @param {string[]} negative */
function share(all, positive, negative) {
  const sum = (/** @type {string[]} */ ids) => ids.reduce((total, id) => total + (all.get(id) ?? 0), 0);
  const mass = sum(positive) + sum(negative);
  return { p: mass > 0 ? sum(positive) / mass : 0.5, mass };
}

/** @param {Row} row @param {number | undefined} own @returns {Row} */
function withOwn(row, own) {
  return own === undefined ? row : [row[0], row[1], row[2], row[3], own, row[5], row[6]];
}

/** @param {number} p @returns {OperatingPointResult[]} */
function operatingPoints(p) {
  return [
    { id: 'sensitivity-95', threshold: 0.1, sensitivity: 0.95, specificity: 0.55, positive: p >= 0.1 },
    { id: 'youden', threshold: 0.35, sensitivity: 0.83, specificity: 0.81, positive: p >= 0.35 },
  ];
}

/**
 * @param {any} fake `big`: 757 diagnoses; `own`: other probabilities, by id; and fields of the report as they are
 * @returns {Report}
 */
export function makeReport(fake) {
  const rows = fake.big ? bigTree() : NODES.map((row) => withOwn(row, fake.own?.[row[0]]));
  const all = probabilities(rows);
  const tree = rows.map(([id, parent, level, en, own, icd10 = null, note]) => ({
    id,
    parent,
    level,
    name: { en, ...(KOREAN[id] ? { ko: KOREAN[id] } : {}) },
    icd10,
    note: note ? { en: note } : null,
    probability: all.get(id) ?? 0,
    covered: all.has(id),
    fine: own !== undefined,
  }));
  tree.sort((a, b) => b.probability - a.probability);
  tree.sort((a, b) => ['class', 'group', 'disease'].indexOf(a.level) - ['class', 'group', 'disease'].indexOf(b.level));
  /** @param {string} level */
  const ofLevel = (level) =>
    tree.filter((node) => node.level === level).map(({ id, name, icd10, probability, covered }) => ({ id, name, icd10, probability, covered }));
  const melanoma = share(all, ['mel'], ['nv']);
  const carcinoma = share(all, ['bcc', 'scc', 'ak'], ['bkl']);
  const hash = '0123456789abcdef'.repeat(4);
  const scope = fake.scope ?? null;
  const warnings = fake.warnings ?? [];
  const fine = tree.filter((node) => node.fine).map(({ id, name, icd10, probability }) => ({ id, name, icd10, probability }));
  const [groups, classes] = [ofLevel('group'), ofLevel('class')];
  const tasks = [
    {
      id: 'melanoma-or-naevus',
      name: { en: 'Melanoma or naevus?', ko: '흑색종인가, 모반인가?' },
      positive: { name: { en: 'Melanoma', ko: '흑색종' }, probability: melanoma.p },
      negative: { name: { en: 'Benign naevus', ko: '양성 모반' }, probability: 1 - melanoma.p },
      operating_points: fake.operating_points ? operatingPoints(melanoma.p) : [],
      mass: melanoma.mass,
      applies: melanoma.mass >= 0.5,
    },
    {
      id: 'carcinoma-or-keratosis',
      name: { en: 'Keratinocyte carcinoma or benign keratosis?', ko: '각질형성세포암인가, 양성 각화증인가?' },
      positive: { name: { en: 'Keratinocyte carcinoma', ko: '각질형성세포암' }, probability: carcinoma.p },
      negative: { name: { en: 'Benign keratosis', ko: '양성 각화증' }, probability: 1 - carcinoma.p },
      operating_points: fake.operating_points ? operatingPoints(carcinoma.p) : [],
      mass: carcinoma.mass,
      applies: carcinoma.mass >= 0.5,
    },
  ];
  return {
    schema: 'skintree.report/2',
    disclaimer: {
      en: 'Research use only. Not a medical device. A low score does not rule out cancer.',
      ko: '연구용입니다. 의료기기가 아닙니다. 점수가 낮아도 암을 배제할 수 없습니다.',
    },
    model: {
      id: 'fake-ham8',
      version: '0.0.0',
      sha256: hash,
      manifest_sha256: hash,
      licence: 'CC-BY-NC-4.0',
      trained_on: { en: '5,984 dermoscopic photos (taken through a skin microscope), mostly of people with light skin.', ko: '주로 밝은 피부의 더모스코피(피부 확대경) 사진 5,984장.' },
      intended_use: { en: 'Research and teaching only.', ko: '연구와 교육용입니다.' },
    },
    engine: { name: 'cpu', requested: 'auto', adapter: null, ...(fake.engine?.name ? { fallback: null, fallback_reason: null } : NO_GPU), self_test_max_abs_diff: 0.000002, ...fake.engine },
    photo: { format: 'png', width: 600, height: 450, orientation: 1, sha256: hash, ...fake.photo },
    conclusion: conclude({ tree, fine, groups, classes, tasks, scope, warnings }),
    views: 1,
    fine,
    groups,
    classes,
    tasks,
    tree,
    photo_kind: photoKind(fake.photo_kind),
    scope,
    quality: { sharpness: 0.412, brightness: 0.55, contrast: 0.18, dark_clipped: 0, bright_clipped: 0.002 },
    warnings,
    timings: { decode_ms: 8.1, input_ms: 2, engine_ms: 310.2, rollup_ms: 0.1, total_ms: 321 },
  };
}

const PHOTO_KINDS = [
  { id: 'dermoscopic', name: { en: 'dermoscopic photo', ko: '더모스코피 사진' } },
  { id: 'clinical', name: { en: 'ordinary photo', ko: '일반 사진' } },
];

/** @param {string} [given] what the caller said; else the first one was found out */
function photoKind(given) {
  const id = given ?? 'dermoscopic';
  const [kind, others] = [PHOTO_KINDS.filter((one) => one.id === id), PHOTO_KINDS.filter((one) => one.id !== id)];
  return {
    ...kind[0],
    probability: id === 'dermoscopic' ? 0.97 : 0.03,
    given: given !== undefined,
    figures: { en: `Figures for a ${kind[0].name.en}.`, ko: `${kind[0].name.ko}의 수치.` },
    others,
  };
}

/**
 * Each node's map is highest in another place: the first one in the upper left corner, and so on row by row.
 *
 * @param {ReturnType<typeof makeReport>} report
 * @param {'all' | readonly string[]} wanted
 * @returns {HeatMap[] | null} `null` if one of the nodes has none
 */
export function makeHeatMaps({ tree, photo }, wanted) {
  const covered = tree.filter((node) => node.covered).map(({ id }) => id);
  const side = Math.min(photo.width, photo.height);
  const region = { x: (photo.width - side) >> 1, y: (photo.height - side) >> 1, width: side, height: side };
  const nodes = wanted === 'all' ? covered : wanted;
  if (!nodes.every((node) => covered.includes(node))) return null;
  return nodes.map((node) => {
    const peak = covered.indexOf(node) * 3;
    const distance = (/** @type {number} */ i) => Math.hypot((i % 8) - (peak % 8), (i >> 3) - (peak >> 3));
    return { node, region, width: 8, height: 8, values: Array.from({ length: 64 }, (_, i) => 3 * Math.exp(-distance(i) / 2) - 0.5) };
  });
}
