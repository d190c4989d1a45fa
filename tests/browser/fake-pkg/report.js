// A report as the real module makes it, for an eight-class pack whose tree has groups no class lies in.

/** @typedef {[id: string, parent: string | null, level: string, en: string, own?: number, icd10?: string, note?: string]} Row */

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

/** @param {string} id @returns {number | undefined} */
function probabilityOf(id) {
  const row = NODES.find((node) => node[0] === id);
  const below = NODES.filter((node) => node[1] === id).map((node) => probabilityOf(node[0]));
  const known = [row?.[4], ...below].filter((p) => p !== undefined);
  return known.length ? known.reduce((a, b) => a + b, 0) : undefined;
}

/** @param {string[]} positive @param {string[]} negative */
function share(positive, negative) {
  const sum = (/** @type {string[]} */ ids) => ids.reduce((total, id) => total + (probabilityOf(id) ?? 0), 0);
  const mass = sum(positive) + sum(negative);
  return { p: sum(positive) / mass, mass };
}

/** @param {any} fake */
export function makeReport(fake) {
  const tree = NODES.map(([id, parent, level, en, own, icd10 = null, note]) => ({
    id,
    parent,
    level,
    name: { en },
    icd10,
    note: note ? { en: note } : null,
    probability: probabilityOf(id) ?? 0,
    covered: probabilityOf(id) !== undefined,
    fine: own !== undefined,
  }));
  tree.sort((a, b) => b.probability - a.probability);
  tree.sort((a, b) => ['class', 'group', 'disease'].indexOf(a.level) - ['class', 'group', 'disease'].indexOf(b.level));
  /** @param {string} level */
  const ofLevel = (level) =>
    tree.filter((node) => node.level === level).map(({ id, name, icd10, probability, covered }) => ({ id, name, icd10, probability, covered }));
  const melanoma = share(['mel'], ['nv']);
  const carcinoma = share(['bcc', 'scc', 'ak'], ['bkl']);
  const hash = '0123456789abcdef'.repeat(4);
  return {
    schema: 'skintree.report/1',
    disclaimer: { en: 'Research use only. Not a medical device. A low score does not rule out cancer.' },
    model: {
      id: 'fake-ham8',
      version: '0.0.0',
      sha256: hash,
      manifest_sha256: hash,
      licence: 'CC-BY-NC-4.0',
      trained_on: { en: '5,984 dermoscopic photos (taken through a skin microscope), mostly of people with light skin.' },
      intended_use: { en: 'Research and teaching only.' },
    },
    engine: { name: 'cpu', requested: 'auto', adapter: null, fallback_reason: 'no WebGPU adapter was found', self_test_max_abs_diff: 0.000002, ...fake.engine },
    photo: { format: 'png', width: 600, height: 450, orientation: 1, sha256: hash, ...fake.photo },
    fine: tree.filter((node) => node.fine).map(({ id, name, icd10, probability }) => ({ id, name, icd10, probability })),
    groups: ofLevel('group'),
    classes: ofLevel('class'),
    tasks: [
      {
        id: 'melanoma-or-naevus',
        name: { en: 'Melanoma or naevus?' },
        positive: { name: { en: 'Melanoma' }, probability: melanoma.p },
        negative: { name: { en: 'Benign naevus' }, probability: 1 - melanoma.p },
        mass: melanoma.mass,
      },
      {
        id: 'carcinoma-or-keratosis',
        name: { en: 'Keratinocyte carcinoma or benign keratosis?' },
        positive: { name: { en: 'Keratinocyte carcinoma' }, probability: carcinoma.p },
        negative: { name: { en: 'Benign keratosis' }, probability: 1 - carcinoma.p },
        mass: carcinoma.mass,
      },
    ],
    tree,
    warnings: fake.warnings ?? [],
    timings: { decode_ms: 8.1, input_ms: 2, engine_ms: 310.2, rollup_ms: 0.1, total_ms: 321 },
  };
}

/**
 * Each node's map is highest in another place: the first one in the upper left corner, and so on row by row.
 *
 * @param {ReturnType<typeof makeReport>} report
 * @param {'all' | readonly string[]} wanted
 */
export function makeHeatMaps({ tree, photo }, wanted) {
  const covered = tree.filter((node) => node.covered).map(({ id }) => id);
  const side = Math.min(photo.width, photo.height);
  const region = { x: (photo.width - side) >> 1, y: (photo.height - side) >> 1, width: side, height: side };
  return (wanted === 'all' ? covered : wanted).map((node) => {
    const peak = covered.indexOf(node) * 3;
    if (peak < 0) return undefined;
    const distance = (/** @type {number} */ i) => Math.hypot((i % 8) - (peak % 8), (i >> 3) - (peak >> 3));
    return { node, region, width: 8, height: 8, values: Array.from({ length: 64 }, (_, i) => 3 * Math.exp(-distance(i) / 2) - 0.5) };
  });
}
