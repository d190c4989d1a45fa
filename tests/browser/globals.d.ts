/** The interface, as blankPage() leaves it on a page for the functions that run there. */
declare var api: typeof import('../../www/skintree.js');
/** See classify.test.js. */
declare var outcome: (promise: Promise<unknown>) => Promise<string>;
