// A live picture with a ring to hold the spot in, and a shutter. Where the camera is refused or missing, the phone's own
// camera app is offered instead.

import { pageReadsBack } from '../interface/canvas-probe.js';
import { el } from '../view/dom.js';
import { say } from '../view/strings.js';

/** @import {StringKey} from '../view/strings.js' */

/** Why there is no picture, by the name of the error. @type {Record<string, StringKey>} */
const REASONS = { NotAllowedError: 'cameraRefused', SecurityError: 'cameraBlocked' };

export const hasCamera = Boolean(navigator.mediaDevices?.getUserMedia);

/**
 * Opens the dialogue.
 *
 * @param {HTMLInputElement} fallback a file input that opens the camera app
 * @returns {Promise<File | null>} the square in the middle of the picture; `null` if none was taken
 */
export function takePhoto(fallback) {
  const video = el('video', { muted: true, autoplay: true, playsInline: true, 'aria-label': say('cameraPicture') });
  const message = el('p', { className: 'note', role: 'alert', hidden: true });
  const shutter = el('button', { type: 'button', className: 'button primary', disabled: true }, say('cameraShoot'));
  const app = el('label', { htmlFor: fallback.id, className: 'button', hidden: true }, say('cameraApp'));
  const close = el('button', { type: 'button', className: 'button' }, say('cameraClose'));
  const stage = el('div', { className: 'camera-stage' }, video, el('div', { className: 'camera-ring', 'aria-hidden': true }));
  const dialog = el(
    'dialog',
    { className: 'camera-view', 'aria-labelledby': 'camera-heading' },
    // Takes the focus until there is something to press; else it would lie on "Close".
    el('h2', { id: 'camera-heading', tabIndex: -1, autofocus: true }, say('cameraHeading')),
    el('p', { className: 'hint' }, say('cameraHint')),
    stage,
    message,
    el('div', { className: 'buttons' }, shutter, app, close),
  );
  document.body.append(dialog);
  dialog.showModal();

  return new Promise((resolve) => {
    /** @type {MediaStream | null} */
    let stream = null;
    /** @type {File | null} */
    let photo = null;
    dialog.addEventListener('close', () => {
      stop(stream);
      dialog.remove();
      resolve(photo);
    });
    close.addEventListener('click', () => dialog.close());
    app.addEventListener('click', () => setTimeout(() => dialog.close()));
    shutter.addEventListener('click', async () => {
      photo = await shoot(video);
      dialog.close();
    });
    video.addEventListener('loadeddata', () => {
      shutter.disabled = false;
      shutter.focus();
    });

    // Before the camera is asked for, which a visitor would then allow for nothing.
    (pageReadsBack() ? open() : Promise.reject(new DOMException('noise', 'SecurityError'))).then(
      (opened) => {
        if (!dialog.open) {
          stop(opened);
          return;
        }
        stream = opened;
        video.srcObject = opened;
      },
      (error) => {
        stage.hidden = true;
        message.hidden = false;
        message.textContent = say(REASONS[error?.name] ?? 'cameraMissing');
        shutter.hidden = true;
        app.hidden = false;
        app.classList.add('primary');
      },
    );
  });
}

function open() {
  const side = { ideal: 1920 };
  return navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: side, height: side } });
}

/** @param {MediaStream | null} stream */
function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/**
 * @param {HTMLVideoElement} video
 * @returns {Promise<File | null>}
 */
async function shoot(video) {
  const { videoWidth: width, videoHeight: height } = video;
  const side = Math.min(width, height);
  const canvas = el('canvas', { width: side, height: side });
  canvas.getContext('2d')?.drawImage(video, (width - side) / 2, (height - side) / 2, side, side, 0, 0, side, side);
  /** @type {Blob | null} */
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.95));
  return blob && new File([blob], `${say('cameraName')}.jpg`, { type: blob.type });
}
