// Answers of earlier visits, kept in this browser, and only if the visitor wishes it.

import { ofCopy } from '../interface/copy.js';

/** @import {Report} from '../skintree.js' */

/** @typedef {{id?: number, date: number, name: string, thumbnail: string | null, report: Report}} Entry */

const NAME = ofCopy('history');
const STORE = 'answers';
/** The oldest go first. */
const MOST = 200;

/**
 * Whether the visitor has switched it on. The database is there exactly then, so nothing else need be stored.
 *
 * @returns {Promise<boolean>}
 */
export async function isKept() {
  try {
    // `databases()` would say it too, but Firefox has it since 126 only.
    const request = indexedDB.open(NAME);
    let existed = true;
    request.onupgradeneeded = () => {
      existed = false;
      request.transaction?.abort();
    };
    (await settled(request)).close();
    return existed;
  } catch {
    return false;
  }
}

/** Switches it on. Throws where the browser refuses storage. */
export async function keep() {
  (await open()).close();
}

/** Deletes all, and switches it off. */
export async function forget() {
  const request = indexedDB.deleteDatabase(NAME);
  // Another tab that has it open lets go when it is closed; it is deleted then.
  await new Promise((resolve) => {
    request.onsuccess = request.onerror = request.onblocked = resolve;
  });
}

/** @param {Entry} entry */
export async function add(entry) {
  await withStore('readwrite', async (store) => {
    await settled(store.add(entry));
    const keys = await settled(store.getAllKeys());
    for (const key of keys.slice(0, -MOST)) store.delete(key);
  });
}

/** @returns {Promise<Entry[]>} the newest first */
export async function all() {
  /** @type {Entry[]} */
  let entries = [];
  await withStore('readonly', async (store) => {
    entries = await settled(store.getAll());
  });
  return entries.reverse();
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id', autoIncrement: true });
  return settled(request);
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => Promise<void>} use
 */
async function withStore(mode, use) {
  const database = await open();
  try {
    await use(database.transaction(STORE, mode).objectStore(STORE));
  } finally {
    database.close();
  }
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
