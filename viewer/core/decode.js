/**
 * Native little-endian frames (PS3.5 §8.1) to samples or colours.
 *
 * @import {Frame, ColorFrame, Lut, Pixel} from './types.js'
 */

import { lookUp } from './luts.js';
import { storedValue } from './voi.js';

/** Raised when there are fewer bytes than the image has pixels: a cut-off frame is never shown as a whole one. */
export class ShortFrame extends Error {}

/** @param {Pixel} pixel @returns {number} bytes of one native frame */
export function frameBytes({ rows, columns, samples, allocated, photometric }) {
  if (photometric === 'YBR_FULL_422') return rows * columns * 2;
  return Math.ceil((rows * columns * samples * allocated) / 8);
}

/** @param {Uint8Array} bytes @param {number} count @returns {Uint8Array} one byte per pixel, 0 or 1 */
function unpackBits(bytes, count) {
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i += 1) out[i] = (bytes[i >> 3] >> (i & 7)) & 1;
  return out;
}

/** @param {Uint8Array} bytes aligned @param {number} allocated @returns {Uint8Array|Uint16Array|Uint32Array} */
function asSamples(bytes, allocated) {
  if (allocated <= 8) return bytes;
  const { buffer, byteOffset, byteLength } = bytes;
  return allocated === 16
    ? new Uint16Array(buffer, byteOffset, byteLength / 2)
    : new Uint32Array(buffer, byteOffset, byteLength / 4);
}

/** @param {number} rows @param {number} columns @returns {ColorFrame} opaque black */
function blank(rows, columns) {
  const rgba = new Uint8ClampedArray(rows * columns * 4);
  for (let i = 3; i < rgba.length; i += 4) rgba[i] = 255;
  return { kind: 'color', rows, columns, rgba, bytes: rgba.byteLength };
}

/**
 * @param {Uint8ClampedArray} out
 * @param {number} at
 * @param {number} y
 * @param {number} cb
 * @param {number} cr  PS3.3 C.7.6.3.1.2
 */
function putYbr(out, at, y, cb, cr) {
  out[at] = y + 1.402 * (cr - 128);
  out[at + 1] = y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128);
  out[at + 2] = y + 1.772 * (cb - 128);
}

/**
 * @param {Uint8Array|Uint16Array|Uint32Array} samples
 * @param {Pixel} pixel
 * @param {boolean} ybr
 * @returns {ColorFrame}
 */
function fromTriples(samples, pixel, ybr) {
  const frame = blank(pixel.rows, pixel.columns);
  const count = pixel.rows * pixel.columns;
  const [step, plane] = pixel.planar ? [1, count] : [3, 1];
  const scale = 255 / (2 ** pixel.stored - 1);
  for (let i = 0; i < count; i += 1) {
    const at = i * step;
    const [a, b, c] = [samples[at] * scale, samples[at + plane] * scale, samples[at + 2 * plane] * scale];
    if (ybr) putYbr(frame.rgba, i * 4, a, b, c);
    else {
      frame.rgba[i * 4] = a;
      frame.rgba[i * 4 + 1] = b;
      frame.rgba[i * 4 + 2] = c;
    }
  }
  return frame;
}

/**
 * @param {Uint8Array} bytes two luminances, then their blue and red differences
 * @param {Pixel} pixel
 * @returns {ColorFrame}
 */
function from422(bytes, { rows, columns }) {
  const frame = blank(rows, columns);
  for (let i = 0; i < rows * columns; i += 1) {
    const pair = (i >> 1) * 4;
    putYbr(frame.rgba, i * 4, bytes[pair + (i & 1)], bytes[pair + 2], bytes[pair + 3]);
  }
  return frame;
}

/**
 * @param {Uint8Array|Uint16Array|Uint32Array} samples
 * @param {Pixel} pixel
 * @param {[Lut, Lut, Lut]} tables
 * @returns {ColorFrame}
 */
function fromPalette(samples, pixel, tables) {
  const frame = blank(pixel.rows, pixel.columns);
  const toStored = storedValue(pixel);
  // Many palettes declare 16 bits and use 8.
  const shift = tables.map(({ bits, top }) => (top > 255 ? bits - 8 : 0));
  for (let i = 0; i < pixel.rows * pixel.columns; i += 1) {
    const value = toStored(samples[i]);
    for (let channel = 0; channel < 3; channel += 1) {
      frame.rgba[i * 4 + channel] = lookUp(tables[channel], value) >> shift[channel];
    }
  }
  return frame;
}

/**
 * @param {Uint8Array} bytes the frame, starting at offset 0 of its buffer
 * @param {Pixel} pixel an image without `obstacle`, as it was delivered
 * @param {[Lut, Lut, Lut]|null} tables the palette, for PALETTE COLOR
 * @returns {Frame}
 * @throws {ShortFrame}
 */
export function decodeFrame(bytes, pixel, tables) {
  const need = frameBytes(pixel);
  if (bytes.byteLength < need) throw new ShortFrame(`${bytes.byteLength} of ${need} bytes`);
  const whole = bytes.subarray(0, need);
  const { rows, columns, photometric, allocated } = pixel;
  if (photometric === 'YBR_FULL_422') return from422(whole, pixel);
  const samples = allocated === 1 ? unpackBits(whole, rows * columns) : asSamples(whole, allocated);
  if (photometric === 'PALETTE COLOR' && tables) return fromPalette(samples, pixel, tables);
  if (pixel.samples === 3) {
    return fromTriples(samples, pixel, photometric === 'YBR_FULL');
  }
  return { kind: 'gray', rows, columns, pixel, samples, bytes: samples.byteLength };
}
