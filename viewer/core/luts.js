/**
 * Look-up tables of the metadata: modality LUT, VOI LUT, palette.
 *
 * @import {Dataset, Element, Instance, Lut} from './types.js'
 */

import { TAG, item, numbers, values } from './dicomjson.js';

/** @param {string} base64 @returns {Uint8Array} */
function fromBase64(base64) {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/**
 * Elements of the data set whose value has to be fetched before the image can be painted.
 *
 * @param {Dataset} dataset @returns {Element[]}
 */
export function remoteTables(dataset) {
  const holders = [item(dataset, TAG.ModalityLUTSequence), item(dataset, TAG.VOILUTSequence)];
  const palette = [TAG.PaletteRed, TAG.PaletteGreen, TAG.PaletteBlue].map((tag) => dataset[tag]);
  return [...holders.map((holder) => holder[TAG.LUTData]), ...palette].filter(
    (element) => element?.BulkDataURI && !element.bytes,
  );
}

/** @param {Element|undefined} element @param {number} entries @returns {ArrayLike<number>|null} */
function tableData(element, entries) {
  if (!element) return null;
  if (element.Value) return element.Value.map((value) => Number(value) & 0xffff);
  const bytes = element.bytes ?? (element.InlineBinary ? fromBase64(element.InlineBinary) : null);
  if (!bytes) return null;
  // Some devices write 8-bit tables with one byte an entry, against PS3.3 C.7.6.3.1.6.
  if (bytes.length < entries * 2) return bytes.length >= entries ? bytes : null;
  return new Uint16Array(bytes.slice(0, entries * 2).buffer);
}

/**
 * @param {number[]} descriptor entries, first value mapped, bits (PS3.3 C.11.1.1) @param {Element|undefined} element
 * @param {boolean} signed whether the values that are looked up are signed @returns {Lut|null} null when it is unusable
 */
function readLut(descriptor, element, signed) {
  if (descriptor.length !== 3) return null;
  const entries = descriptor[0] & 0xffff || 65536;
  const data = tableData(element, entries);
  if (!data || data.length < entries) return null;
  const first = signed && descriptor[1] >= 0x8000 ? descriptor[1] - 0x10000 : descriptor[1];
  let top = 0;
  for (let i = 0; i < entries; i += 1) top = Math.max(top, data[i]);
  // Tables that declare 8 bits and use more are common.
  return { first, bits: Math.max(descriptor[2], 32 - Math.clz32(top)), top, data };
}

/** @param {Lut} lut @param {number} value @returns {number} the entry, the nearest end's outside the table */
export function lookUp(lut, value) {
  const index = Math.trunc(value - lut.first);
  return lut.data[index < 0 ? 0 : index >= lut.data.length ? lut.data.length - 1 : index];
}

/** @param {Instance} instance @returns {Lut|null} */
export function modalityLut(instance) {
  const holder = item(instance.dataset, TAG.ModalityLUTSequence);
  return readLut(numbers(holder, TAG.LUTDescriptor), holder[TAG.LUTData], instance.pixel?.signed ?? false);
}

/**
 * @param {Instance} instance
 * @returns {boolean} whether it has a modality LUT that cannot be used: its values are unknown
 */
export function lacksModality(instance) {
  return values(instance.dataset, TAG.ModalityLUTSequence).length > 0 && !modalityLut(instance);
}

/**
 * @param {Instance} instance
 * @returns {Lut|null} its inputs are signed when stored values are, and no modality LUT is between
 */
export function voiLut(instance) {
  const signed = Boolean(instance.pixel?.signed) && !modalityLut(instance);
  const holder = item(instance.dataset, TAG.VOILUTSequence);
  return readLut(numbers(holder, TAG.LUTDescriptor), holder[TAG.LUTData], signed);
}

/** @param {Instance} instance @returns {[Lut, Lut, Lut]|null} red, green, blue */
export function palette(instance) {
  const { dataset } = instance;
  const signed = instance.pixel?.signed ?? false;
  const [red, green, blue] = [0, 1, 2].map((channel) => {
    const descriptor = Number.parseInt(TAG.PaletteDescriptor, 16) + channel;
    const tag = descriptor.toString(16).padStart(8, '0').toUpperCase();
    const data = [TAG.PaletteRed, TAG.PaletteGreen, TAG.PaletteBlue][channel];
    return readLut(numbers(dataset, values(dataset, tag).length ? tag : TAG.PaletteDescriptor), dataset[data], signed);
  });
  return red && green && blue ? [red, green, blue] : null;
}
