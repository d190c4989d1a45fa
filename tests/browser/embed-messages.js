// Messages as no portal would send them, for the frame to bear.

import fc from 'fast-check';

/** In the place of values that JSON has not: revived in the page by `revive`. */
const TOKENS = ['undefined', 'NaN', 'blob', 'file', 'map', 'date', 'bigint', 'circle', 'bytes'].map((token) => ({ $: token }));

const primitive = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(...TOKENS, '', '__proto__', 'constructor', 'toString', '\u202e', 'x'.repeat(100_000)),
);
/** @type {{value: import('fast-check').Arbitrary<unknown>}} */
const { value } = fc.letrec((/** @type {(name: 'value') => import('fast-check').Arbitrary<unknown>} */ tie) => ({
  value: fc.oneof({ depthSize: 'small' }, primitive, fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(key(), tie('value'), { maxKeys: 4 })),
}));

/** Names that mean something to JavaScript, or nothing. */
function key() {
  return fc.oneof(fc.constantFrom('toString', 'valueOf', 'then', 'length', '__proto__', 'constructor', 'name', 'code'), fc.string({ maxLength: 6 }));
}

/** Nearly right: each field is what it should be, or anything. @param {unknown[]} right */
const mostly = (...right) => fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: value });

const message = fc.oneof(
  { weight: 1, arbitrary: value },
  {
    weight: 9,
    arbitrary: fc.record(
      {
        schema: mostly('skintree.embed/1', 'skintree.embed/1', 'skintree.embed/2', 'skintree.embed/'),
        type: mostly('hello', 'load', 'reset', 'theme', 'cancel', 'classify', 'classify', 'offer', 'welcome', 'result', 'error'),
        id: mostly(1, 2, 'one'),
        photo: mostly({ $: 'blob' }, { $: 'file' }),
        topK: mostly(1, 5),
        heatMaps: mostly('all', ['mel']),
        lang: mostly('en', 'ko', 'de-x', 'x'),
        theme: mostly('light', 'dark', 'auto'),
      },
      { requiredKeys: ['schema', 'type'] },
    ),
  },
);

/** @param {number} count @param {number} seed @returns {unknown[]} */
export const oddMessages = (count, seed) => fc.sample(message, { numRuns: count, seed });

/** Runs in the page. @param {any} data @returns {unknown} */
export function revive(data) {
  if (Array.isArray(data)) return data.map(revive);
  if (typeof data !== 'object' || data === null) return data;
  const circle = /** @type {any} */ ({});
  circle.self = circle;
  const made = {
    undefined,
    NaN,
    blob: new Blob(['x']),
    file: new File([new Uint8Array(9)], 'x.png', { type: 'image/png' }),
    map: new Map([['type', 'hello']]),
    date: new Date(Number.NaN),
    bigint: 10n ** 30n,
    circle,
    bytes: new Uint8Array(3),
  };
  if (typeof data.$ === 'string' && Object.hasOwn(made, data.$)) return /** @type {Record<string, unknown>} */ (made)[data.$];
  return Object.fromEntries(Object.entries(data).map(([key, one]) => [key, revive(one)]));
}
