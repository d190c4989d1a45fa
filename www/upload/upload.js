// The upload page: takes photos in whatever way they are given, asks the model about one after the other, and shows
// what it says about the one that is selected.

import { bitmapOf } from '../interface/bitmap.js';
import { keepPage, startDevice } from '../app/device-view.js';
import { chooseLanguage, startLanguage } from '../view/language.js';
import { photoItem } from './photo-item.js';
import { loadNumbers } from './drawing-calls.js';
import { remember, showHistory, startHistory } from './history-view.js';
import { cutPhoto, pictureIn } from './photo-calls.js';
import { isOther } from '../view/photo-inputs.js';
import { Session, troubleOf } from '../interface/session.js';
import { nextFrame } from '../view/dom.js';
import { prepareNumbers, say } from '../view/strings.js';
import { thumbnailOf } from './thumbnails.js';
import * as view from './upload-view.js';

/**
 * @import {Entry} from './history.js'
 * @import {PhotoItem} from './photo-item.js'
 * @import {Trouble} from '../interface/session.js'
 * @import {Part} from '../interface/wasm.js'
 * @import {SkintreeError} from '../skintree.js'
 */

/** So many diagnoses the details list. */
const TOP = 20;
/** So many files are named that were left out. */
const MOST_NAMED = 5;
const PACK = 'pack/manifest.json';

/** @type {PhotoItem[]} */
let items = [];
/** @type {PhotoItem | null} */
let selected = null;
/** The photo the model is asked about. @type {PhotoItem | null} */
let current = null;
/** Loading failed for a reason that the next photo would meet too. */
let stuck = false;

const session = new Session(
  {
    clearAnswer() {},
    showLoading: view.showLoading,
    showProgress: view.showProgress,
    loaded() {
      view.showLoaded();
      // Where it can't be kept, it works with network all the same.
      keepPage(PACK).catch(() => {});
    },
    showReady: () => view.showReady(items.length === 0),
    showClassifying: view.showClassifying,
    showResult(report) {
      const item = current;
      current = null;
      if (item) {
        change(item, { state: 'done', report });
        remember(item);
      }
      next();
    },
    showTrouble,
  },
  () => ({ packUrl: PACK }),
);

startLanguage();
view.start({
  prepare: () => void session.prepare(),
  addPhotos: take,
  addExamples: (files) => takeAll(files.map((file) => photoItem(file.name, file))),
  select,
  remove,
  removeAll,
  cancel,
  classify: askPart,
  crop: (item) => void frame(item),
  explain,
  changeKind,
  changeLanguage(tag) {
    chooseLanguage(tag);
    view.translate();
    showHistory();
    show();
    if (selected?.state === 'framing') void frame(selected);
  },
});
// The page can be used by now. The rest comes in tasks of its own, so that no click waits for it.
setTimeout(() => startHistory(recall));
void loadNumbers(document.documentElement.lang).then(prepareNumbers);
setTimeout(() =>
  startDevice({
    packUrl: PACK,
    loadModel: () => session.load(),
    takeFiles: (files) => take(files, true),
    sharedLost: () => view.showRemark(say('sharedLost')),
  }),
);

/** @param {File[]} files @param {boolean} [framed] the visitor has chosen the part of the photo already */
function take(files, framed = false) {
  if (files.length === 0) {
    view.showRemark(say('noFile'));
    return;
  }
  // Every file gets an entry, or a word here.
  const others = files.every(isOther) ? [] : files.filter(isOther);
  view.showRemark(others.length ? say('leftOut', { count: others.length, names: others.slice(0, MOST_NAMED).map(({ name }) => name).join(', ') }) : null);
  const photos = files.filter((file) => !others.includes(file)).map((file) => photoItem(file.name, file));
  if (photos.length === 1 && !framed) {
    void session.prepare();
    takeAll(photos.map((item) => Object.assign(item, { state: 'framing' })));
    void frame(photos[0]);
  } else {
    takeAll(photos);
  }
}

/** @param {PhotoItem[]} photos */
function takeAll(photos) {
  items = [...items, ...photos];
  // Giving another photo is another try.
  stuck = false;
  selected = photos[0];
  view.arrive();
  show();
  for (const item of photos) {
    if (!item.thumbnail) void thumbnail(item);
  }
  next();
}

/** @param {PhotoItem} item */
async function thumbnail(item) {
  await nextFrame();
  await open(item);
  item.thumbnail = item.source && (await thumbnailOf(item.source));
  view.showList(items, selected);
}

/**
 * Puts the picture that is in a DICOM file in the place of the file, so that it can be shown.
 *
 * @param {PhotoItem} item
 */
async function open(item) {
  const { original } = item;
  if (!original) return;
  const picture = await pictureIn(original);
  if (picture === original || item.original !== original) return;
  item.original = picture;
  if (item.source === original) item.source = picture;
  if (item === selected && item.state !== 'framing') view.showItem(item);
}

/**
 * Lets the visitor choose the part of the photo, where this browser can show it at all.
 *
 * @param {PhotoItem} item
 */
async function frame(item) {
  if (!item.original) {
    return;
  }
  try {
    await nextFrame();
    await open(item);
    const bitmap = await bitmapOf(item.original);
    if (items.includes(item)) {
      change(item, { state: 'framing', report: null, trouble: null });
      view.showCrop(item, bitmap);
    }
  } catch {
    ask(item, item.original);
  }
}

/**
 * @param {PhotoItem} item
 * @param {Part | null} part of the photo; all of it without one
 */
async function askPart(item, part) {
  const { original } = item;
  if (!original) return;
  try {
    const source = part ? await cutPhoto(original, part) : original;
    // It may have been removed meanwhile.
    if (items.includes(item)) ask(item, source);
  } catch (cause) {
    const error = /** @type {SkintreeError} */ (cause);
    const again = () => void askPart(item, part);
    if (items.includes(item)) change(item, { state: 'failed', trouble: { kind: troubleOf(error, null), error, again } });
  }
}

/**
 * @param {PhotoItem} item
 * @param {Blob} source
 */
function ask(item, source) {
  stuck = false;
  const cropped = source !== item.source;
  change(item, { source, state: 'waiting' });
  // The photo stands above again, where the browser would leave it out of sight.
  view.arrive();
  if (cropped) void thumbnail(item);
  next();
}

/** Asks about the next photo: the selected one, if it waits, as that is what the visitor looks at. */
function next() {
  if (current || stuck) {
    return;
  }
  const item = selected?.state === 'waiting' ? selected : items.find(({ state }) => state === 'waiting');
  if (!item?.source) {
    return;
  }
  current = item;
  change(item, { state: 'running' });
  // Everything that comes of it, comes through the session's view.
  session.classify(item.source, { topK: TOP, photoKind: item.photoKind }).catch(() => {});
}

/**
 * @param {Trouble} kind
 * @param {SkintreeError} error
 * @param {() => void} again
 * @param {boolean} ofPhoto
 */
function showTrouble(kind, error, again, ofPhoto) {
  const item = current;
  current = null;
  // A decoder that breaks down at one photo takes the worker with it; a new one goes on with the others.
  stuck = !kind.startsWith('photo-') && !(kind === 'internal' && ofPhoto);
  const retry = () => {
    stuck = false;
    current = item;
    if (item) change(item, { state: 'running', trouble: null });
    again();
  };
  if (item) change(item, { state: 'failed', trouble: { kind, error, again: retry } });
  else view.showLoadTrouble({ kind, error, again: retry });
  next();
}

/**
 * @param {PhotoItem} item
 * @param {Partial<PhotoItem>} news
 */
function change(item, news) {
  Object.assign(item, news);
  show(item);
}

/** @param {PhotoItem} [changed] */
function show(changed) {
  view.showList(items, selected);
  if (!changed || changed === selected) view.showItem(selected);
}

/** @param {PhotoItem} item */
function select(item) {
  selected = item;
  show();
  if (item.state === 'framing') void frame(item);
  next();
}

/** @param {PhotoItem} item */
function remove(item) {
  const place = items.indexOf(item);
  items = items.filter((other) => other !== item);
  if (current === item) {
    current = null;
    session.cancel();
  }
  if (item.state === 'failed') stuck = false;
  if (selected === item) selected = items[Math.min(place, items.length - 1)] ?? null;
  show();
  if (selected?.state === 'framing') void frame(selected);
  next();
}

function removeAll() {
  items = [];
  selected = current = null;
  stuck = false;
  session.cancel();
  show();
}

function cancel() {
  if (session.loaded) {
    if (selected) remove(selected);
    return;
  }
  // All of them wait for the same download.
  items = items.filter(({ state }) => state !== 'waiting' && state !== 'running');
  if (!selected || !items.includes(selected)) selected = items.at(-1) ?? null;
  current = null;
  session.stop();
  view.showStopped();
  show();
}

/**
 * Asks about a photo once more, as one of the kind that the visitor names.
 *
 * @param {PhotoItem} item
 * @param {string} id
 */
function changeKind(item, id) {
  stuck = false;
  change(item, { photoKind: id, state: 'waiting', report: null });
  next();
}

/** @param {PhotoItem} item */
async function explain({ source, report }) {
  return source && report && session.explain(source, report);
}

/** @param {Entry} entry */
function recall({ name, thumbnail, report }) {
  takeAll([photoItem(name, null, { thumbnail, report, state: 'done' })]);
}

// For app/start-check.js.
document.documentElement.dataset.started = 'yes';
