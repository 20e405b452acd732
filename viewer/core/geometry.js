/**
 * Directions and lengths in the patient (PS3.3 C.7.6.1.1.1, C.7.6.2).
 *
 * @import {Instance, Slice, View} from './types.js'
 */

import { TAG, numbers, texts } from './dicomjson.js';
import { holderOf } from './instance.js';

/** @typedef {[number, number, number]} Vector */

/** @param {Vector} a @param {Vector} b @returns {number} */
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** @param {Vector} a @param {Vector} b @returns {Vector} */
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/** @param {Instance} instance @param {number} frame @returns {{row: Vector, column: Vector}|null} direction cosines */
export function orientationOf(instance, frame) {
  const tag = TAG.ImageOrientationPatient;
  const six = numbers(holderOf(instance, frame, TAG.PlaneOrientation, tag), tag);
  if (six.length !== 6) return null;
  return { row: [six[0], six[1], six[2]], column: [six[3], six[4], six[5]] };
}

/** @param {Instance} instance @param {number} frame @returns {Vector|null} of the first pixel, in millimetres */
function positionOf(instance, frame) {
  const tag = TAG.ImagePositionPatient;
  const three = numbers(holderOf(instance, frame, TAG.PlanePosition, tag), tag);
  return three.length === 3 ? [three[0], three[1], three[2]] : null;
}

/** @param {Slice} slice @returns {number|null} millimetres along the normal of its plane */
export function locationOf({ instance, frame }) {
  const orientation = orientationOf(instance, frame);
  const position = positionOf(instance, frame);
  return orientation && position ? dot(cross(orientation.row, orientation.column), position) : null;
}

/** @param {Vector} vector @returns {string} letters of the patient's directions, the strongest first */
export function letters(vector) {
  /** @type {[number, string, string][]} */
  const axes = [
    [vector[0], 'L', 'R'],
    [vector[1], 'P', 'A'],
    [vector[2], 'H', 'F'],
  ];
  return axes
    .filter(([value]) => Math.abs(value) > 0.2)
    .sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]))
    .map(([value, plus, minus]) => (value > 0 ? plus : minus))
    .join('');
}

const OPPOSITE = /** @type {Record<string, string>} */ ({ L: 'R', R: 'L', P: 'A', A: 'P', H: 'F', F: 'H' });

/** @param {string} direction @returns {string} */
export function opposite(direction) {
  return [...direction].map((letter) => OPPOSITE[letter] ?? letter).join('');
}

/**
 * @param {Instance} instance
 * @param {number} frame
 * @returns {[string, string]|null} letters towards the right and the bottom
 */
function imageLetters(instance, frame) {
  const orientation = orientationOf(instance, frame);
  if (orientation) return [letters(orientation.row), letters(orientation.column)];
  const [row, column] = texts(instance.dataset, TAG.PatientOrientation);
  const known = (/** @type {string|undefined} */ value) => value !== undefined && /^[LRPAHF]{1,3}$/.test(value);
  return known(row) && known(column) ? [row, column] : null;
}

/** @typedef {{top: string, right: string, bottom: string, left: string}} Edges */

/** @param {Slice} slice @param {View} view @returns {Edges|null} what lies beyond each edge of the stage */
export function edgesOf({ instance, frame }, view) {
  const found = imageLetters(instance, frame);
  if (!found) return null;
  const [row, column] = found;
  const right = view.flip ? opposite(row) : row;
  const clockwise = [right, column, opposite(right), opposite(column)];
  const turns = view.rotation / 90;
  const [r, b, l, t] = [0, 1, 2, 3].map((edge) => clockwise[(edge - turns + 4) % 4]);
  return { top: t, right: r, bottom: b, left: l };
}

/**
 * The round length that fits best into about a quarter of the stage.
 *
 * @param {number} millimetresPerPixel of the stage @param {number} stageWidth @returns {{millimetres: number, pixels: number}}
 */
export function scaleBar(millimetresPerPixel, stageWidth) {
  const room = millimetresPerPixel * stageWidth * 0.25;
  const power = 10 ** Math.floor(Math.log10(room));
  const millimetres = ([5, 2, 1].find((step) => step * power <= room) ?? 1) * power;
  return { millimetres, pixels: millimetres / millimetresPerPixel };
}
