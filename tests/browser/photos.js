// Pictures made here, so that no photo of a person is needed to test with.

import { crc32, deflateSync } from 'node:zlib';

import { DRAWINGS, paintSpot } from '../../www/upload/drawn-spots.js';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * @param {number} width
 * @param {number} height
 * @param {(x: number, y: number) => [number, number, number]} colour values beyond 0 to 255 are cut off
 * @param {number} [claimed] what the header says the sides are, if not the truth
 */
export function png(width, height, colour, claimed) {
  const rows = new Uint8ClampedArray(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows.set(colour(x, y), y * (1 + 3 * width) + 1 + 3 * x);
    }
  }
  return encode(claimed ?? width, claimed ?? height, { bits: 8, kind: 2 }, rows);
}

/**
 * The same picture in a wrapping that browsers know and the wasm module doesn't.
 *
 * @param {Buffer} picture a PNG of up to 255 x 255 pixels
 */
export function ico(picture) {
  const header = Buffer.alloc(22);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(1, 4);
  header.set([picture.readUInt32BE(16), picture.readUInt32BE(20), 0, 0, 1, 0, 24, 0], 6);
  header.writeUInt32LE(picture.length, 14);
  header.writeUInt32LE(header.length, 18);
  return Buffer.concat([header, picture]);
}

/**
 * A small file of very many pixels, all black: a bit each, packed well.
 *
 * @param {number} side a multiple of 8
 */
export function bomb(side) {
  return encode(side, side, { bits: 1, kind: 0 }, Buffer.alloc(side * (1 + side / 8)));
}

/**
 * @param {number} width
 * @param {number} height
 * @param {{bits: number, kind: number}} colour bits of a sample, and 0 for grey or 2 for RGB
 * @param {Uint8ClampedArray | Buffer} rows each behind the byte of its filter
 */
function encode(width, height, { bits, kind }, rows) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, kind, 0, 0, 0], 8);
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
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
 * Something like a brown spot on skin.
 *
 * @param {number} width
 * @param {number} height
 */
export function spot(width = 600, height = 450) {
  const pixels = paintSpot(DRAWINGS[1], width, height);
  return png(width, height, (x, y) => {
    const at = 4 * (y * width + x);
    return [pixels[at], pixels[at + 1], pixels[at + 2]];
  });
}
