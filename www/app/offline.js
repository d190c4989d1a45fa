// The page's side of the service worker (sw.js): keeping skintree in this browser, updating it, removing it.

import { PACK_CACHE } from '../interface/pack-store.js';

/** Caches of sw.js and pack-store.js, databases and settings: all their names begin with this. */
const OURS = 'skintree-';
const UPDATE_EVERY_MS = 60 * 60 * 1000;

const container = navigator.serviceWorker;

/** Whether this browser, and this address, can keep pages: plain http and private windows can't. */
export function canKeep() {
  return container !== undefined;
}

/** @returns {Promise<boolean>} whether page and model are here without network */
export async function isKept() {
  return Boolean((await registration())?.active) && caches.has(PACK_CACHE);
}

/**
 * Keeps the page, unless it is kept already; the model keeps itself when it is loaded. Resolves once all is stored.
 *
 * @returns {Promise<void>}
 */
export async function keep() {
  // Registering again would ask the server for updates, in the middle of a classification perhaps.
  if ((await registration())?.active) {
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

/** Takes everything of skintree out of this browser. */
export async function removeAll() {
  await (await registration())?.unregister();
  for (const name of await caches.keys()) {
    if (name.startsWith(OURS)) await caches.delete(name);
  }
  for (const { name } of await indexedDB.databases()) {
    if (name?.startsWith(OURS)) await removeDatabase(name);
  }
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(OURS)) localStorage.removeItem(key);
    }
  } catch {
    // Denied, so nothing is in there.
  }
}

/** @param {string} name */
function removeDatabase(name) {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name);
    // Another tab that has it open lets go when it is closed; it is deleted then.
    request.onsuccess = request.onerror = request.onblocked = resolve;
  });
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
  const controller = container?.controller;
  if (!controller) {
    return [];
  }
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    setTimeout(resolve, 5000, []);
    controller.postMessage('shared', [port2]);
  });
}

function registration() {
  return container?.getRegistration() ?? Promise.resolve(undefined);
}
