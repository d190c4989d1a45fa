// The portal's side: connects to the frame, writes what it is told into the record, hands over the record's own photo.

// A copy of skintree's www/embed-host.js; tools/serve.js and the tests put it here.
import { SkintreeFrame } from './embed-host.js';

/** @param {string} selector @returns {any} */
const $ = (selector) => document.querySelector(selector);
const iframe = $('#skintree');
const percent = new Intl.NumberFormat('en', { style: 'percent' });

try {
  const frame = await SkintreeFrame.connect(iframe, { lang: new URLSearchParams(location.search).get('lang') ?? 'en' });
  $('#status').textContent = 'Connected to skintree.';

  frame.addEventListener('resize', ({ detail }) => (iframe.style.height = `${detail.height}px`));
  frame.addEventListener('ready', ({ detail }) => ($('#model').textContent = `${detail.id} ${detail.version}`));
  frame.addEventListener('error', ({ detail }) => ($('#status').textContent = `skintree: ${detail.code}`));
  // Comes for the visitor's own photos and for those handed over alike.
  frame.addEventListener('result', ({ detail: { report } }) => {
    // All classes: the first alone would hide the share of the others.
    const shares = report.classes.filter(({ covered }) => covered).map(({ name, probability }) => `${name.en} ${percent.format(probability)}`);
    $('#reading').textContent = `${shares.join(', ')} (research use only)`;
  });

  const input = $('#record-photo');
  input.addEventListener('change', () => ($('#send').disabled = input.files.length === 0));
  $('#send').addEventListener('click', async () => {
    $('#status').textContent = 'Waiting for the model …';
    // A failure is written down by the listener above.
    await frame.classify(input.files[0]).then(() => ($('#status').textContent = 'The model has answered.'), () => {});
  });
  $('#next').addEventListener('click', () => {
    frame.reset();
    $('#reading').textContent = 'none yet';
  });
  // For the console, and for the tests.
  Object.assign(globalThis, { frame });
} catch (error) {
  $('#status').textContent = `No connection: ${/** @type {Error} */ (error).message}`;
}
