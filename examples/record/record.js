// A record system's side of SMART Web Messaging: launches the app in the frame, keeps what it puts on the scratchpad.

/** @param {string} selector @returns {any} */
const $ = (selector) => document.querySelector(selector);
const iframe = $('#app');
const app = new URL(iframe.dataset.app);

// A real one gives these to the app in the OAuth token response.
const handle = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const launch = { smart_web_messaging_handle: handle, smart_web_messaging_origin: location.origin, patient: '7' };

/** What lies on the scratchpad, by its location. @type {Map<string, object>} */
const scratchpad = new Map();
let refusing = false;
let last = 0;

addEventListener('message', ({ source, origin, data }) => {
  // A response to a request of ours has no type; there are none here.
  if (source !== iframe.contentWindow || origin !== app.origin || data?.messagingHandle !== handle) return;
  const payload = answer(data.messageType, data.payload);
  source?.postMessage({ messageId: `record-${++last}`, responseToMessageId: data.messageId, payload }, { targetOrigin: origin });
  show();
});

/**
 * @param {string} type
 * @param {any} payload
 * @returns {object}
 */
function answer(type, payload) {
  switch (type) {
    case 'status.handshake':
      $('#status').textContent = 'The app has said hello.';
      return {};
    case 'scratchpad.create': {
      // The last to come, so that what came before must be taken away again.
      if (refusing && payload.resource.resourceType === 'DiagnosticReport') {
        return { status: '422 Unprocessable Content', outcome: { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'processing', details: { text: 'no research models here' } }] } };
      }
      const location = `${payload.resource.resourceType}/${++last}`;
      scratchpad.set(location, payload.resource);
      return { status: '201 Created', location };
    }
    case 'scratchpad.delete':
      return { status: scratchpad.delete(payload.location) ? '200 OK' : '404 Not Found' };
    case 'ui.done':
      iframe.hidden = true;
      $('#status').textContent = 'The app is done.';
      return { status: 'success' };
    default:
      return { status: 'failure', statusDetail: { text: `${type} is not known here` } };
  }
}

function show() {
  const lines = [...scratchpad].map(([location, resource]) => {
    const item = document.createElement('li');
    item.textContent = `${location}: ${/** @type {any} */ (resource).conclusion ?? ''}`;
    return item;
  });
  $('#drafts').replaceChildren(...lines);
}

$('#refuse').addEventListener('click', () => {
  refusing = !refusing;
  $('#refuse').setAttribute('aria-pressed', String(refusing));
});

iframe.src = `${app.href}#${new URLSearchParams(launch)}`;
// For the console, and for the tests.
Object.assign(globalThis, { scratchpad, launch });
