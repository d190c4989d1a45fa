// Class activation maps over the photo they belong to. Self-contained: give it a report made with `heatMaps`.

import { el } from './dom.js';
import { local, percent, say, wholePercent } from './strings.js';

/** @import {HeatMap, Report} from '../skintree.js' */

/** @typedef {HTMLImageElement | HTMLCanvasElement | ImageBitmap} Picture */

/** More pixels than any page gives it room for. */
const MAX_SIDE = 1024;
/** Pixels of the coloured map, which the browser then stretches over the photo. */
const MAP_SIDE = 160;
const FIRST_OPACITY = 0.5;
/** How far the part of the photo that the model doesn't see is faded. */
const FADED = 0.55;
/** A map as even as this, in logits, points nowhere. */
const FLAT = 1e-6;

/**
 * Viridis (van der Walt and Smith), at nine even steps: its lightness rises steadily, so that it reads the same in
 * every kind of colour vision and in print.
 */
const VIRIDIS = [
  [68, 1, 84],
  [71, 45, 123],
  [59, 82, 139],
  [44, 114, 142],
  [33, 145, 140],
  [40, 174, 128],
  [94, 201, 98],
  [173, 220, 48],
  [253, 231, 37],
];

let views = 0;

/**
 * A choice of nodes, the photo with the map over the part the model sees, a slider, and in words where the map is
 * strongest. Put `element` into the page; `show` changes the node from outside (a node without a map is ignored).
 *
 * @param {Report} report with at least one of `heat_maps`
 * @param {Picture | null} photo the photo, upright as the browser shows it; `null` where it can't be shown
 * @param {string} [node] which map to show first; the most probable diagnosis if there is one of it
 * @returns {{element: HTMLElement, show: (node: string) => void}}
 */
export function heatMapView(report, photo, node = report.fine[0]?.id) {
  const maps = new Map((report.heat_maps ?? []).map((map) => [map.node, map]));
  const nodes = report.tree.filter(({ id }) => maps.has(id));
  if (nodes.length === 0) {
    throw new TypeError('the report has no heat maps: classify with the option heatMaps');
  }
  const id = `heat-map-${++views}`;
  const { width, height } = fit(report.photo);
  const canvas = el('canvas', { width, height, role: 'img', 'aria-labelledby': `${id}-text` });
  const text = el('span', { id: `${id}-text`, role: 'status' });
  const choice = el('select', { id: `${id}-node` }, ...nodes.map((node) => option(node, nodes)));
  const slider = el('input', { id: `${id}-opacity`, type: 'range', min: '0', max: '100', step: '5' });
  slider.value = String(FIRST_OPACITY * 100);

  const base = document.createElement('canvas');
  Object.assign(base, { width, height });
  /** @type {HTMLCanvasElement} */
  let coloured;

  const draw = () => {
    const map = shown();
    const context = contextOf(canvas);
    context.clearRect(0, 0, width, height);
    context.drawImage(base, 0, 0);
    context.globalAlpha = Number(slider.value) / 100;
    context.drawImage(coloured, ...scaled(map, report, canvas));
    context.globalAlpha = 1;
    slider.setAttribute('aria-valuetext', wholePercent(Number(slider.value) / 100));
  };
  const change = () => {
    coloured = colour(shown());
    text.textContent = describe(shown(), report);
    draw();
  };
  const shown = () => /** @type {HeatMap} */ (maps.get(choice.value));

  choice.addEventListener('change', change);
  slider.addEventListener('input', draw);
  choice.value = node && maps.has(node) ? node : nodes[0].id;
  drawBase(base, photo, shown(), report);
  if (photo instanceof HTMLImageElement && !photo.complete) {
    photo.addEventListener('load', () => (drawBase(base, photo, shown(), report), draw()), { once: true });
  }
  change();

  const element = el(
    'section',
    { className: 'heat-map', 'aria-labelledby': `${id}-heading` },
    el('h3', { id: `${id}-heading` }, say('heatHeading')),
    el('p', { className: 'heat-map-control' }, el('label', { htmlFor: choice.id }, say('heatNode')), ' ', choice),
    el('figure', {}, canvas, el('figcaption', {}, text)),
    el('p', { className: 'heat-map-control' }, el('label', { htmlFor: slider.id }, say('heatOpacity')), ' ', slider),
    legend(),
    el('p', { className: 'hint' }, say('heatNote')),
  );
  return {
    element,
    show(node) {
      if (maps.has(node)) {
        choice.value = node;
        change();
      }
    },
  };
}

/**
 * @param {Report['tree'][number]} node
 * @param {Report['tree']} nodes
 */
function option(node, nodes) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  let depth = 0;
  for (let above = byId.get(node.parent ?? ''); above; above = byId.get(above.parent ?? '')) {
    depth++;
  }
  return el('option', { value: node.id }, `${'\u2003'.repeat(depth)}${local(node.name)} ${percent(node.probability)}`);
}

function legend() {
  const scale = el('canvas', { width: VIRIDIS.length * 16, height: 1, 'aria-hidden': true });
  const context = contextOf(scale);
  for (let x = 0; x < scale.width; x++) {
    context.fillStyle = `rgb(${viridis(x / (scale.width - 1)).join(' ')})`;
    context.fillRect(x, 0, 1, 1);
  }
  return el('p', { className: 'heat-map-legend' }, say('heatLess'), ' ', scale, ' ', say('heatMore'));
}

/**
 * Where the map is strongest, in words.
 *
 * @param {HeatMap} map
 * @param {Report} report
 */
export function describe({ node, region, width, height, values }, { tree, photo }) {
  const name = local(tree.find(({ id }) => id === node)?.name ?? { en: node });
  const [lowest, highest] = rangeOf(values);
  if (highest - lowest < FLAT) {
    return say('heatEven', { name });
  }
  const peak = values.indexOf(highest);
  const x = (region.x + (((peak % width) + 0.5) / width) * region.width) / photo.width;
  const y = (region.y + ((Math.floor(peak / width) + 0.5) / height) * region.height) / photo.height;
  const row = third(y, 'upper', 'middle', 'lower');
  const column = third(x, 'left', 'centre', 'right');
  return say('heatStrongest', { name, place: say(`heat-${row}-${column}`) });
}

/**
 * @template {string} A
 * @template {string} B
 * @template {string} C
 * @param {number} share 0 to 1
 * @param {A} first
 * @param {B} second
 * @param {C} last
 */
function third(share, first, second, last) {
  if (share < 1 / 3) return first;
  return share <= 2 / 3 ? second : last;
}

/**
 * The photo, faded where the model doesn't see it.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Picture | null} photo
 * @param {HeatMap} map
 * @param {Report} report
 */
function drawBase(canvas, photo, map, report) {
  const context = contextOf(canvas);
  context.fillStyle = '#8a8a8a';
  context.fillRect(0, 0, canvas.width, canvas.height);
  const broken = photo instanceof HTMLImageElement && (!photo.complete || photo.naturalWidth === 0);
  if (photo && !broken) {
    context.drawImage(photo, 0, 0, canvas.width, canvas.height);
  }
  const seen = new Path2D();
  seen.rect(0, 0, canvas.width, canvas.height);
  seen.rect(...scaled(map, report, canvas));
  context.fillStyle = `rgb(255 255 255 / ${FADED})`;
  context.fill(seen, 'evenodd');
}

/**
 * The region of a map on a canvas that shows the whole photo: x, y, width, height.
 *
 * @param {HeatMap} map
 * @param {Report} report
 * @param {HTMLCanvasElement} canvas
 * @returns {[number, number, number, number]}
 */
function scaled({ region }, { photo }, canvas) {
  const [x, y] = [canvas.width / photo.width, canvas.height / photo.height];
  return [region.x * x, region.y * y, region.width * x, region.height * y];
}

/** @param {{width: number, height: number}} photo */
function fit({ width, height }) {
  const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/**
 * The map in colours, from its own lowest value to its highest, interpolated bilinearly between the middles of its
 * cells. Values are interpolated rather than colours, which would leave the scale of the legend.
 *
 * @param {HeatMap} map
 */
function colour({ width, height, values }) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: MAP_SIDE, height: MAP_SIDE });
  const context = contextOf(canvas);
  const pixels = context.createImageData(MAP_SIDE, MAP_SIDE);
  const [lowest, highest] = rangeOf(values);
  const columns = Array.from({ length: MAP_SIDE }, (_, x) => neighbours(x, width));
  for (let y = 0; y < MAP_SIDE; y++) {
    const [top, bottom, t] = neighbours(y, height);
    for (const [x, [left, right, s]] of columns.entries()) {
      const row = (/** @type {number} */ at) => values[at * width + left] * (1 - s) + values[at * width + right] * s;
      const value = row(top) * (1 - t) + row(bottom) * t;
      const strength = highest - lowest < FLAT ? 0.5 : (value - lowest) / (highest - lowest);
      pixels.data.set([...viridis(strength), 255], (y * MAP_SIDE + x) * 4);
    }
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/**
 * The two cells a pixel lies between, and how far it is on the way from the first to the second.
 *
 * @param {number} pixel
 * @param {number} cells
 */
function neighbours(pixel, cells) {
  const at = Math.min(Math.max(((pixel + 0.5) / MAP_SIDE) * cells - 0.5, 0), cells - 1);
  const first = Math.floor(at);
  return [first, Math.min(first + 1, cells - 1), at - first];
}

/** @param {number} strength 0 to 1 */
function viridis(strength) {
  const at = Math.min(Math.max(strength, 0), 1) * (VIRIDIS.length - 1);
  const first = Math.min(Math.floor(at), VIRIDIS.length - 2);
  return VIRIDIS[first].map((from, i) => Math.round(from + (VIRIDIS[first + 1][i] - from) * (at - first)));
}

/** @param {number[]} values */
function rangeOf(values) {
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext('2d');
  if (!context) {
    throw new Error('the browser gives no canvas to draw on');
  }
  return context;
}
