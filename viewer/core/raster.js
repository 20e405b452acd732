/**
 * What the canvas shows of a frame, computed pixel by pixel: the reference every painter has to match.
 *
 * @import {ColorFrame, GrayFrame, ModalityTransform, Voi} from './types.js'
 */

import { levels } from './voi.js';

/** @typedef {{modality: ModalityTransform, voi: Voi, invert: boolean}} GrayLook */

const little = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** @param {number} level 0 to 255 @returns {number} an opaque grey as one word of canvas memory */
function word(level) {
  return (little ? 0xff000000 | (level << 16) | (level << 8) | level : (level * 0x01010100) | 0xff) >>> 0;
}

/**
 * @param {(raw: number) => number} level
 * @param {number} bits
 * @returns {Uint32Array} one word for every pattern of a sample
 */
function wordTable(level, bits) {
  const rounded = new Uint8ClampedArray(1);
  const table = new Uint32Array(2 ** bits);
  for (let raw = 0; raw < table.length; raw += 1) {
    rounded[0] = level(raw);
    table[raw] = word(rounded[0]);
  }
  return table;
}

/** @param {GrayFrame} frame @param {GrayLook} look @param {Uint32Array} out one word a pixel */
export function rasterGray(frame, look, out) {
  const { samples, pixel } = frame;
  const level = levels(pixel, look.modality, look.voi, look.invert);
  if (samples instanceof Uint32Array) {
    const rounded = new Uint8ClampedArray(1);
    for (let i = 0; i < out.length; i += 1) {
      rounded[0] = level(samples[i]);
      out[i] = word(rounded[0]);
    }
    return;
  }
  const table = wordTable(level, samples instanceof Uint8Array ? 8 : 16);
  for (let i = 0; i < out.length; i += 1) out[i] = table[samples[i]];
}

/** @param {ColorFrame} frame @param {boolean} invert @param {Uint8ClampedArray} out RGBA */
export function rasterColor(frame, invert, out) {
  out.set(frame.rgba);
  if (!invert) return;
  for (let i = 0; i < out.length; i += 4) {
    out[i] = 255 - out[i];
    out[i + 1] = 255 - out[i + 1];
    out[i + 2] = 255 - out[i + 2];
  }
}
