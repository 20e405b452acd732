/**
 * The words in the corners of the stage. They come from de-identified answers only.
 *
 * @import {Dataset, Frame, Slice, Voi} from './types.js'
 */

import { TAG, number, personName, text, texts } from './dicomjson.js';
import { locationOf } from './geometry.js';

/** @param {number} value @returns {string} as many digits as a reader needs */
export function short(value) {
  const digits = Math.abs(value) >= 20 || Number.isInteger(value) ? 0 : Math.abs(value) >= 1 ? 1 : 3;
  return String(Number(value.toFixed(digits)));
}

/** @param {(string|false)[]} parts @param {string} by @returns {string} those that say something */
const joined = (parts, by) => parts.filter(Boolean).join(by);

/** @param {string} age AS value @returns {string} without leading zeros, the unit in lower case */
const plainAge = (age) => age.replace(/^0+(?=\d)/, '').toLowerCase();

/** @param {string} date DA value @returns {string} its year: the passes keep no more than that */
export const yearOf = (date) => (/^\d{4}/.test(date) ? date.slice(0, 4) : '');

/** @param {Voi} voi @param {{window: string, level: string, lut: string}} words @returns {string} */
function windowText(voi, words) {
  if (voi.kind === 'lut') return words.lut;
  return `${words.window} ${short(voi.window.width)} · ${words.level} ${short(voi.window.center)}`;
}

/**
 * @param {{slice: Slice, index: number, count: number|null, zoom: number, voi: Voi|null, inverted: boolean, frame: Frame|null}} now
 *   `count` null while it is not known, `zoom`: screen pixels per image pixel
 * @param {typeof import('../strings.js').strings} words
 * @returns {{topLeft: string[], topRight: string[], bottomLeft: string[], bottomRight: string[]}} lines
 */
export function corners({ slice, index, count, zoom, voi, inverted, frame }, words) {
  const { dataset, modality } = slice.instance;
  const w = words.overlay;
  const location = locationOf(slice);
  const thickness = number(dataset, TAG.SliceThickness, 0);
  return {
    topLeft: [
      personName(text(dataset, TAG.PatientName)),
      text(dataset, TAG.PatientID),
      joined([text(dataset, TAG.PatientSex), plainAge(text(dataset, TAG.PatientAge))], ' · '),
    ].filter(Boolean),
    topRight: [
      text(dataset, TAG.InstitutionName),
      text(dataset, TAG.StationName),
      joined([text(dataset, TAG.StudyDescription), yearOf(text(dataset, TAG.StudyDate))], ' · '),
      joined([modality, text(dataset, TAG.SeriesDescription)], ' · '),
    ].filter(Boolean),
    bottomLeft: [
      text(dataset, TAG.BurnedInAnnotation) === 'YES' ? w.burnedIn : '',
      joined(
        [
          location !== null && `${w.location} ${location.toFixed(1)}`,
          thickness > 0 && `${w.thickness} ${short(thickness)}`,
        ],
        ' · ',
      ),
      `${w.image} ${index + 1}/${count ?? '…'}`,
    ].filter(Boolean),
    bottomRight: [
      frame?.kind === 'rendered' ? words.stage.rendered : '',
      inverted ? w.inverted : '',
      voi ? windowText(voi, w) : '',
      `${w.zoom} ${Math.round(zoom * 100)} %`,
    ].filter(Boolean),
  };
}

/**
 * @param {Dataset|null|undefined} row a study row
 * @returns {{name: string, id: string, description: string, year: string, modalities: string[]}}
 */
export function studyWords(row) {
  const set = row ?? {};
  return {
    name: personName(text(set, TAG.PatientName)),
    id: text(set, TAG.PatientID),
    description: text(set, TAG.StudyDescription),
    year: yearOf(text(set, TAG.StudyDate)),
    modalities: texts(set, TAG.ModalitiesInStudy),
  };
}
