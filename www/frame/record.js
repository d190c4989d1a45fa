// The frame in a record system that speaks SMART Web Messaging: nothing is put there before the visitor says so.

import { messageOf } from '../interface/errors.js';
import { currentLanguage } from '../view/strings.js';
import { RecordView } from './record-view.js';
import { SmartMessaging } from './smart-messaging.js';
import { putOnScratchpad } from './smart-scratchpad.js';

/** @import {SkintreeWidget} from '../widget.js' */

/** Those that do not speak it do not answer; then the widget is as it is elsewhere. */
const HANDSHAKE_MS = 10_000;

/**
 * What a record system has been told at the launch of the app, by the names of the OAuth token response.
 *
 * @typedef {{smart_web_messaging_handle: string, smart_web_messaging_origin: string, patient: string | null}} Launch
 */

/**
 * In the part of the URL that no server gets to see.
 *
 * @param {string} hash
 * @returns {Launch | null} `null` if the frame was not launched by a record system
 */
export function launchOf(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const [handle, origin] = [given.get('smart_web_messaging_handle'), given.get('smart_web_messaging_origin')];
  return handle && origin ? { smart_web_messaging_handle: handle, smart_web_messaging_origin: origin, patient: given.get('patient') } : null;
}

/**
 * @param {SkintreeWidget} widget
 * @param {Launch} launch
 * @param {Promise<string[]>} origins of the record systems that may be spoken to
 * @returns {Promise<RecordView | null>} `null` if there is none that answers
 */
export async function linkToRecord(widget, launch, origins) {
  const { smart_web_messaging_handle: handle, smart_web_messaging_origin: origin, patient } = launch;
  const host = window.parent === window ? window.opener : window.parent;
  if (!host || !(await origins).includes(origin)) return null;
  const messaging = new SmartMessaging(host, origin, handle);
  try {
    await messaging.request('status.handshake', {}, HANDSHAKE_MS);
  } catch {
    return null;
  }
  const view = new RecordView(new URL(origin).host, {
    put: async () => {
      const { report } = widget;
      if (!report) return;
      view.show('working');
      try {
        const subject = patient ? { reference: `Patient/${patient}` } : undefined;
        await putOnScratchpad(messaging, JSON.parse(await report.toFHIR({ subject, language: currentLanguage() })));
        if (widget.report === report) view.show('put');
      } catch (error) {
        if (widget.report === report) view.show('failed', messageOf(error));
      }
    },
    close: async () => {
      try {
        const { status, statusDetail } = await messaging.request('ui.done');
        if (status !== 'success') view.explain(`ui.done: ${/** @type {any} */ (statusDetail)?.text ?? status}`);
      } catch (error) {
        view.explain(messageOf(error));
      }
    },
  });
  widget.addEventListener('result', () => view.show('offered'));
  widget.append(view.element);
  return view;
}
