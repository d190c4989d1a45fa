// Pictures made here, so that no photo of a person is needed to test with.

import { crc32, deflateSync } from 'node:zlib';

/**
 * @param {number} width
 * @param {number} height
 * @param {(x: number, y: number) => [number, number, number]} colour
 */
export function png(width, height, colour) {
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows.set(colour(x, y), y * (1 + 3 * width) + 1 + 3 * x);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** @param {string} type @param {Buffer} data */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/**
 * Something like a brown spot on skin: an uneven blob with a blurred edge, a faint network and speckle.
 *
 * @param {number} width
 * @param {number} height
 */
export function spot(width = 600, height = 450) {
  let state = 7;
  const noise = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  const skin = [222, 178, 156];
  const brown = [112, 66, 46];
  return png(width, height, (x, y) => {
    const dx = (x - width * 0.52) / (height * 0.3);
    const dy = (y - height * 0.48) / (height * 0.24);
    const angle = Math.atan2(dy, dx);
    const edge = 1 + 0.12 * Math.sin(3 * angle + 1) + 0.06 * Math.sin(7 * angle);
    const inside = 1 / (1 + Math.exp((Math.hypot(dx, dy) - edge) * 11));
    const network = 0.12 * Math.sin(x / 7 + Math.sin(y / 11)) * Math.sin(y / 6 + Math.sin(x / 13));
    const vignette = 1 - 0.25 * Math.hypot(x / width - 0.5, y / height - 0.5) ** 2;
    const grain = noise() * 9;
    const share = inside * (0.88 + network + 0.1 * Math.sin(x / 31) * Math.cos(y / 23));
    const mix = (/** @type {number} */ i) =>
      Math.max(0, Math.min(255, Math.round((skin[i] + (brown[i] - skin[i]) * share) * vignette + grain)));
    return [mix(0), mix(1), mix(2)];
  });
}
