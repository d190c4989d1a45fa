// The part of the upload page about this device: keep, install, remove; the offer of a new version; photos shared from
// the gallery.

import { byId, el } from '../view/dom.js';
import { messageOf } from '../interface/errors.js';
import { canKeep, isKept, keep, persist, removeAll, takeShared, watchUpdates } from './offline.js';
import { say } from '../view/strings.js';

/** @import {StringKey} from '../view/strings.js' */

/** Chromium's, and not in any standard. @typedef {Event & {prompt: () => Promise<{outcome: string}>}} InstallEvent */

const part = {
  section: byId('device', HTMLElement),
  status: byId('device-status', HTMLElement),
  menuHint: byId('device-menu', HTMLElement),
  keep: byId('device-keep', HTMLButtonElement),
  install: byId('device-install', HTMLButtonElement),
  remove: byId('device-remove', HTMLButtonElement),
};

/** @type {InstallEvent | null} */
let installer = null;

/**
 * @param {object} page
 * @param {string} page.packUrl
 * @param {() => Promise<unknown>} page.loadModel
 * @param {(files: File[]) => void} page.takeFiles
 * @param {() => void} page.sharedLost
 */
export function startDevice({ packUrl, loadModel, takeFiles, sharedLost }) {
  if (!canKeep()) {
    return;
  }
  const keepAll = () =>
    attempt(async () => {
      show('deviceKeeping');
      // Not waited for: the visitor may leave the browser's question open.
      persist();
      await loadModel();
      await keepPage(packUrl);
    });

  part.section.hidden = false;
  part.keep.addEventListener('click', keepAll);
  part.remove.addEventListener('click', () =>
    attempt(async () => {
      await removeAll();
      show('deviceRemoved');
      offerKeeping(false);
      part.keep.focus();
    }),
  );
  part.install.addEventListener('click', async () => {
    const { outcome } = (await installer?.prompt()) ?? { outcome: 'dismissed' };
    installer = null;
    part.install.hidden = true;
    if (outcome === 'accepted') await keepAll();
  });
  addEventListener('beforeinstallprompt', (event) => {
    // Shown where the page explains it, not as a bar of the browser's.
    event.preventDefault();
    installer = /** @type {InstallEvent} */ (event);
    part.install.hidden = false;
  });
  addEventListener('appinstalled', () => (part.install.hidden = true));
  const installed = matchMedia('(display-mode: standalone)').matches;
  part.menuHint.hidden = installed || 'onbeforeinstallprompt' in globalThis;

  isKept(packUrl).then((kept) => {
    if (kept) showKept();
  });
  watchUpdates(offerUpdate);
  if (new URLSearchParams(location.search).has('shared')) {
    // So that a reload does not ask for it again.
    history.replaceState(null, '', './');
    takeShared().then((files) => (files.length ? takeFiles(files) : sharedLost()));
  }
}

/** To be called once the model is loaded: whoever uses the page is likely to come back. @param {string} packUrl */
export async function keepPage(packUrl) {
  if (!canKeep()) {
    return;
  }
  if (!(await isKept(packUrl))) {
    await keep();
    if (!(await isKept(packUrl))) throw new Error(say('deviceNotStored'));
    watchUpdates(offerUpdate);
  }
  showKept();
}

function showKept() {
  show('deviceKept');
  offerKeeping(true);
}

/** @param {boolean} kept */
function offerKeeping(kept) {
  part.keep.hidden = kept;
  part.remove.hidden = !kept;
}

/** @param {() => Promise<void>} action */
async function attempt(action) {
  try {
    await action();
  } catch (error) {
    show('deviceFailed', { message: messageOf(error) });
  }
}

/**
 * @param {StringKey} key
 * @param {Record<string, string>} [values]
 */
function show(key, values) {
  // A change of language looks for this.
  if (values) part.status.removeAttribute('data-say');
  else part.status.setAttribute('data-say', key);
  part.status.textContent = say(key, values);
}

/** @param {() => void} apply */
export function offerUpdate(apply) {
  document.querySelector('.update')?.remove();
  const now = el('button', { type: 'button', className: 'button primary' }, say('updateNow'));
  const later = el('button', { type: 'button', className: 'button' }, say('updateLater'));
  now.setAttribute('data-say', 'updateNow');
  later.setAttribute('data-say', 'updateLater');
  const bar = el('div', { className: 'update', role: 'status' }, el('p', { 'data-say': 'updateReady' }, say('updateReady')), now, later);
  now.addEventListener('click', apply);
  later.addEventListener('click', () => bar.remove());
  document.body.append(bar);
}
