// embed.html: the widget in a frame of a portal on another origin.

import { byId } from '../view/dom.js';
import { linkToHost } from './embed-link.js';
import { currentLanguage, say, setLanguage } from '../view/strings.js';
import { setTheme, themeOf } from './embed-theme.js';
import { PhotoOffer } from './photo-offer.js';
import { launchOf, linkToRecord } from './record.js';
import { SkintreeWidget } from '../widget.js';

/** @import {RecordView} from './record-view.js' */

/** What the frame's URL may set. Not the pack: a link must not bring in another model. */
const FROM_URL = ['lang', 'engine', 'top-k', 'preload', 'heat-map'];

const widget = byId('widget', SkintreeWidget);
const hostLine = byId('host', HTMLElement);
const parameters = new URLSearchParams(location.search);
if (!parameters.has('lang')) parameters.set('lang', setLanguage(...navigator.languages));
for (const name of FROM_URL) {
  const value = parameters.get(name);
  if (value !== null) widget.setAttribute(name, value);
}
setTheme(themeOf(parameters.get('theme')) ?? 'auto');

const offer = new PhotoOffer();
widget.before(offer.element);
/** @type {RecordView | null} */
let record = null;
const origins = allowedOrigins();
const launch = launchOf(location.hash);

translate();
if (launch) linkToRecord(widget, launch, origins).then((view) => (record = view));
linkToHost(widget, origins, offer, (host) => {
  translate();
  hostLine.textContent = say('embedHost', { host });
  hostLine.hidden = false;
});

function translate() {
  document.documentElement.lang = currentLanguage();
  document.title = say('title');
  byId('heading', HTMLElement).textContent = say('widgetHeading');
  offer.translate();
  record?.translate();
}

/** @returns {Promise<string[]>} */
async function allowedOrigins() {
  try {
    const response = await fetch('embed.json', { cache: 'no-cache' });
    const { schema, origins } = await response.json();
    return schema === 'skintree.embed-hosts/1' ? origins.map((/** @type {string} */ url) => new URL(url).origin) : [];
  } catch {
    // No list, no talk; the widget itself works.
    return [];
  }
}

// For app/start-check.js.
document.documentElement.dataset.started = 'yes';
