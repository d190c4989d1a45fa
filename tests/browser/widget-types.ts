// What www/widget.d.ts promises to those who write TypeScript. Only tsc reads this: ./build.sh check.

import type { Report } from '../../www/skintree.js';
import '../../www/widget.js';

const widget = document.createElement('skintree-widget');
widget.heatMap = true;
widget.engine = 'cpu';
widget.addEventListener('result', ({ detail }) => show(detail));
widget.addEventListener('error', ({ detail }) => console.error(detail.code, detail.message));
widget.addEventListener('progress', ({ detail }) => console.log(detail.loaded / detail.total));
widget.addEventListener('click', ({ clientX }) => console.log(clientX));
document.querySelector('skintree-widget')?.classify(new Blob(), { topK: 3, heatMaps: 'all' }).then(show);

// @ts-expect-error the report is read only
widget.report = null;
// @ts-expect-error there is no such engine
widget.engine = 'abacus';
// @ts-expect-error a result is a report
widget.addEventListener('result', ({ detail }) => detail.code);

function show({ fine: [first] }: Report) {
  console.log(first.name.en, first.probability);
}
