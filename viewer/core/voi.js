/**
 * Grey values: modality transform, then VOI window or LUT, then presentation (PS3.3 C.11.1, C.11.2, C.11.6).
 *
 * @import {GrayFrame, Instance, Lut, ModalityTransform, Pixel, Voi, VoiWindow, WindowFunction} from './types.js'
 */

import { TAG, number, numbers, text, texts } from './dicomjson.js';
import { groupOf, holderOf } from './instance.js';
import { lookUp, modalityLut, voiLut } from './luts.js';

/** @param {Instance} instance @param {number} frame @returns {ModalityTransform} */
export function modalityOf(instance, frame) {
  const lut = modalityLut(instance);
  const holder = holderOf(instance, frame, TAG.PixelValueTransformation, TAG.RescaleSlope);
  const slope = number(holder, TAG.RescaleSlope, 1);
  return { slope: slope === 0 ? 1 : slope, intercept: number(holder, TAG.RescaleIntercept, 0), lut };
}

/**
 * @param {Instance} instance
 * @param {number} frame
 * @returns {VoiWindow[]} every window the image offers, in its order
 */
export function windowsOf(instance, frame) {
  const group = groupOf(instance, frame, TAG.FrameVOILUT);
  const holder = group[TAG.WindowCenter] ? group : instance.dataset;
  const centers = numbers(holder, TAG.WindowCenter);
  const widths = numbers(holder, TAG.WindowWidth);
  const labels = texts(holder, TAG.WindowExplanation);
  const named = text(holder, TAG.VOILUTFunction);
  /** @type {WindowFunction} */
  const fn = named === 'LINEAR_EXACT' || named === 'SIGMOID' ? named : 'LINEAR';
  return centers
    .map((center, i) => ({ center, width: widths[i] ?? 0, fn, label: labels[i] ?? '' }))
    .filter(({ width }) => width > 0)
    .map((window) => (fn === 'LINEAR' && window.width < 1 ? { ...window, fn: 'LINEAR_EXACT' } : window));
}

/** @param {Instance} instance @param {number} frame @returns {Voi|null} what the image asks to be shown with */
export function ownVoi(instance, frame) {
  const [window] = windowsOf(instance, frame);
  if (window) return { kind: 'window', window };
  const lut = voiLut(instance);
  return lut ? { kind: 'lut', lut } : null;
}

/** @param {Pixel} pixel @returns {(raw: number) => number} the stored value in the bits of a sample */
export function storedValue({ stored, high, signed }) {
  const drop = high + 1 - stored;
  const lift = 32 - stored;
  return signed ? (raw) => ((raw >>> drop) << lift) >> lift : (raw) => ((raw >>> drop) << lift) >>> lift;
}

/** @param {ModalityTransform} modality @returns {(stored: number) => number} */
export function modalityValue({ slope, intercept, lut }) {
  return lut ? (stored) => lookUp(lut, stored) : (stored) => stored * slope + intercept;
}

/**
 * @param {VoiWindow} window
 * @returns {(x: number) => number} 0 to 1, by the formulas of PS3.3 C.11.2.1.2 and C.11.2.1.3
 */
function windowed({ center, width, fn }) {
  if (fn === 'SIGMOID') return (x) => 1 / (1 + Math.exp((-4 * (x - center)) / width));
  const [c, w] = fn === 'LINEAR_EXACT' ? [center, width] : [center - 0.5, width - 1];
  return (x) => (x <= c - w / 2 ? 0 : x > c + w / 2 ? 1 : (x - c) / w + 0.5);
}

/** @param {Lut} lut @returns {(x: number) => number} 0 to 1 */
function looked(lut) {
  const top = 2 ** lut.bits - 1;
  return (x) => lookUp(lut, x) / top;
}

/** @param {Voi} voi @returns {(x: number) => number} a modality value to 0…1 */
export function voiValue(voi) {
  return voi.kind === 'lut' ? looked(voi.lut) : windowed(voi.window);
}

/** @param {Uint8Array|Uint16Array|Uint32Array} samples @returns {Iterable<number>} every pattern that occurs */
function distinct(samples) {
  if (samples instanceof Uint32Array) return samples;
  const seen = new Uint8Array(samples instanceof Uint8Array ? 256 : 65536);
  for (let i = 0; i < samples.length; i += 1) seen[samples[i]] = 1;
  return [...seen.keys()].filter((raw) => seen[raw]);
}

/**
 * The window that spans what a frame holds, for images that bring none. Up to 8 bits it spans all there could be:
 * such images are made to be shown as they are.
 *
 * @param {GrayFrame} frame @param {ModalityTransform} modality @returns {VoiWindow}
 */
export function spanWindow({ samples, pixel }, modality) {
  const { stored, signed, padding } = pixel;
  const plain = modality.slope === 1 && modality.intercept === 0 && !modality.lut;
  if (stored <= 8 && plain)
    return spanning(signed ? -(2 ** (stored - 1)) : 0, signed ? 2 ** (stored - 1) - 1 : 2 ** stored - 1);
  const toStored = storedValue(pixel);
  const toModality = modalityValue(modality);
  let [low, high] = [Infinity, -Infinity];
  for (const raw of distinct(samples)) {
    const value = toStored(raw);
    if (padding && value >= padding[0] && value <= padding[1]) continue;
    const shown = toModality(value);
    if (shown < low) low = shown;
    if (shown > high) high = shown;
  }
  return low <= high ? spanning(low, high) : spanning(0, 1);
}

/** @param {number} low @param {number} high @returns {VoiWindow} */
function spanning(low, high) {
  return { center: (low + high) / 2, width: high > low ? high - low : 1, fn: 'LINEAR_EXACT' };
}

/**
 * From the bits of a sample to the level on the screen; padding is black.
 *
 * @param {Pixel} pixel @param {ModalityTransform} modality @param {Voi} voi @param {boolean} invert
 * @returns {(raw: number) => number} 0 to 255, not yet rounded
 */
export function levels(pixel, modality, voi, invert) {
  const toStored = storedValue(pixel);
  const toModality = modalityValue(modality);
  const toUnit = voiValue(voi);
  const [from, to] = pixel.padding ?? [Infinity, -Infinity];
  return (raw) => {
    const value = toStored(raw);
    if (value >= from && value <= to) return 0;
    const level = 255 * toUnit(toModality(value));
    return invert ? 255 - level : level;
  };
}
