// The page's side of the service worker (sw.js): keeping skintree in this browser, updating it, removing it.

import { COPY, ofCopy } from '../interface/copy.js';
import { PackStore } from '../interface/pack-store.js';
import { forgetLanguage } from '../view/language.js';
import * as history from '../upload/history.js';

const UPDATE_EVERY_MS = 60 * 60 * 1000;
/** A service worker that has not answered by then is of no use. */
const ANSWER_MS = 5000;
/** It has some megabytes to fetch. */
const STORE_MS = 120_000;

const container = navigator.serviceWorker;

/** Whether this browser, and this address, can keep pages: plain http and private windows can't. */
export function canKeep() {
  return container !== undefined;
}

/**
 * Looks at the files, of which browsers may delete single ones.
 *
 * @param {string | URL} packUrl
 * @returns {Promise<boolean>} whether page and model are here without network
 */
export async function isKept(packUrl) {
  const worker = (await registration())?.active;
  if (!worker || !(await ask(worker, 'kept', false))) {
    return false;
  }
  return (await PackStore.open(new URL(packUrl, document.baseURI).href))?.isWhole() ?? false;
}

/**
 * Keeps the page, unless it is kept already; the model keeps itself when it is loaded. Resolves once all is stored.
 *
 * @returns {Promise<void>}
 */
export async function keep() {
  // Registering again would ask the server for updates, in the middle of a classification perhaps.
  const present = (await registration())?.active;
  if (present) {
    // Files that the browser has thrown away are fetched again, and no others.
    await ask(present, 'store', false, STORE_MS);
    return;
  }
  const { installing, waiting, active } = await container.register('sw.js', { updateViaCache: 'none' });
  const coming = installing ?? waiting;
  if (active || !coming) {
    return;
  }
  await new Promise((resolve, reject) => {
    const look = () => {
      if (coming.state === 'activated') resolve(null);
      if (coming.state === 'redundant') reject(new Error('the files of this page could not be stored'));
    };
    coming.addEventListener('statechange', look);
    look();
  });
}

/** Asks the browser not to throw the model away when space is short. Some browsers ask the visitor. */
export async function persist() {
  await navigator.storage?.persist?.().catch(() => false);
}

/** Takes everything of this copy of skintree out of this browser. */
export async function removeAll() {
  await (await registration())?.unregister();
  await caches.delete(ofCopy('app/2'));
  await PackStore.removeCopy();
  await history.forget();
  forgetLanguage();
}

/**
 * Calls back when a new version is stored and waits for this page to let it in.
 *
 * @param {(apply: () => void) => void} offer
 */
export async function watchUpdates(offer) {
  const kept = await registration();
  if (!kept) {
    return;
  }
  let reloading = false;
  const look = () => {
    const { waiting } = kept;
    if (waiting && container.controller) {
      offer(() => {
        reloading = true;
        waiting.postMessage('skip-waiting');
      });
    }
  };
  kept.addEventListener('updatefound', () => kept.installing?.addEventListener('statechange', look));
  look();

  let controlled = Boolean(container.controller);
  container.addEventListener('controllerchange', () => {
    if (reloading) {
      location.reload();
    } else if (controlled) {
      // Another tab has let it in. What is on show here is not taken away.
      offer(() => location.reload());
    }
    controlled = true;
  });

  // An installed app may stay open for weeks.
  let asked = Date.now();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && Date.now() - asked > UPDATE_EVERY_MS) {
      asked = Date.now();
      kept.update().catch(() => {});
    }
  });
}

/** @returns {Promise<File[]>} photos that were shared with the installed app; the service worker forgets them */
export async function takeShared() {
  const active = (await registration())?.active;
  return active ? ask(active, 'shared', []) : [];
}

/**
 * @template T
 * @param {ServiceWorker} worker
 * @param {string} question
 * @param {T} otherwise if it does not answer
 * @param {number} [limit_ms]
 * @returns {Promise<T>}
 */
function ask(worker, question, otherwise, limit_ms = ANSWER_MS) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    setTimeout(resolve, limit_ms, otherwise);
    worker.postMessage(question, [port2]);
  });
}

/** That of this copy; one in a folder above covers this page too, but has other files. */
async function registration() {
  const found = await container?.getRegistration(COPY);
  return found?.scope === COPY ? found : undefined;
}
