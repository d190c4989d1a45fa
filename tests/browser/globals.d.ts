/** What in-page.js leaves on a page for the functions that a test runs there. */
declare var api: typeof import('../../www/skintree.js');
declare var outcome: (promise: Promise<unknown>) => Promise<string>;
declare var everyInput: (url: string) => Promise<Record<string, import('../../www/skintree.js').PhotoSource>>;
