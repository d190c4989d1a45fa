// The upload page: takes a photo in whatever way it is given, and shows what the model says about it.

import { Classifier, SkintreeError } from './skintree.js';
import { keepPage, startDevice } from './device-view.js';
import { chooseLanguage, startLanguage } from './language.js';
import { say } from './strings.js';
import * as view from './upload-view.js';

/**
 * @import {EngineChoice} from './skintree.js'
 * @import {Trouble} from './upload-view.js'
 */

const PACK = 'pack/manifest.json';
/** @type {Promise<Classifier> | null} */
let loading = null;
/** @type {File | null} */
let photo = null;
/** @type {AbortController | null} */
let running = null;
/** @type {EngineChoice} */
let engine = 'auto';

startLanguage();
view.offerLanguages((tag) => {
  chooseLanguage(tag);
  view.translate();
});
view.translate();
listen();
startDevice({
  async loadModel() {
    prepare();
    await load();
  },
  takeFiles: takeFirst,
  sharedLost: () => view.showRemark(say('sharedLost')),
});

function listen() {
  for (const input of view.inputs) {
    // The model starts to load when someone reaches for a photo: by the time one is chosen much of it is there, and
    // those who only came to read don't pay tens of megabytes of their phone contract.
    input.addEventListener('click', () => prepare());
    input.addEventListener('change', () => {
      const files = [...(input.files ?? [])];
      // Else choosing the same file again would be no change.
      input.value = '';
      takeFirst(files);
    });
  }

  addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) {
      event.preventDefault();
      takeFirst(files);
    }
  });

  // On the whole page: a photo dropped beside the frame would otherwise replace the page.
  addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) {
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      view.dragging(true);
      prepare();
    }
  });
  addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) {
      view.dragging(false);
    }
  });
  addEventListener('drop', (event) => {
    view.dragging(false);
    if (event.dataTransfer?.types.includes('Files')) {
      event.preventDefault();
      takeFirst([...event.dataTransfer.files]);
    }
  });
}

/** @param {File[]} files */
function takeFirst(files) {
  if (files.length === 0) {
    view.showRemark(say('noFile'));
    return;
  }
  view.showRemark(files.length > 1 ? say('onlyFirst', { count: files.length }) : null);
  take(files.find((file) => file.type.startsWith('image/')) ?? files[0]);
}

/** @param {File} file */
async function take(file) {
  // The newest photo wins: whoever chooses another one has lost interest in the one before.
  running?.abort();
  const run = (running = new AbortController());
  photo = file;
  view.clearAnswer();
  view.showPhoto(file);
  /** @type {Classifier | null} */
  let classifier = null;
  try {
    classifier = await load();
    if (run.signal.aborted) {
      return;
    }
    view.showWork(say('classifying'));
    view.showResult(await classifier.classify(file, { signal: run.signal }));
  } catch (error) {
    if (!run.signal.aborted) {
      fail(error, classifier);
    }
  } finally {
    if (running === run) {
      running = null;
    }
  }
}

/** Loads the model ahead of the photo. */
async function prepare() {
  if (loading || running) {
    return;
  }
  view.clearAnswer();
  try {
    await load();
    if (!running) {
      view.showReady();
    }
  } catch (error) {
    // With a photo waiting, take() says it.
    if (!running) {
      fail(error, null);
    }
  }
}

function load() {
  if (!loading) {
    view.showWork(say('downloading'));
    loading = Classifier.load(PACK, { engine, onProgress: view.showProgress });
    loading.then(
      () => {
        view.hideSizeHint();
        // Where it can't be kept, it works with network all the same.
        keepPage().catch(() => {});
      },
      () => (loading = null),
    );
  }
  return loading;
}

/**
 * @param {unknown} error
 * @param {Classifier | null} classifier
 */
function fail(error, classifier) {
  const trouble = troubleOf(error, classifier);
  if (trouble === 'gpu' || trouble === 'internal') {
    unload(classifier);
  }
  view.showTrouble(trouble, error, () => {
    engine = trouble === 'gpu' ? 'cpu' : engine;
    photo ? take(photo) : prepare();
  });
}

/** @param {Classifier | null} classifier */
function unload(classifier) {
  classifier?.free();
  loading = null;
}

/**
 * @param {unknown} error
 * @param {Classifier | null} classifier
 * @returns {Trouble}
 */
function troubleOf(error, classifier) {
  const code = error instanceof SkintreeError ? error.code : 'internal';
  switch (code) {
    case 'photo-format':
    case 'photo-broken':
    case 'photo-too-large':
    case 'network':
      return code;
    case 'pack-manifest':
    case 'pack-truncated':
    case 'pack-hash':
    case 'pack-graph':
    case 'taxonomy':
      return 'pack';
    case 'engine-unavailable':
    case 'engine-self-test':
      return 'engine';
    case 'engine-failed':
    case 'gpu-lost':
    case 'gpu-memory':
      return classifier?.info.engine.name === 'cpu' ? 'internal' : 'gpu';
    default:
      return 'internal';
  }
}
