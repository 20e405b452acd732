/**
 * From the metadata of an instance to what painting it needs.
 *
 * @import {Dataset, Instance, Pixel} from './types.js'
 */

import { TAG, item, number, numbers, text, values } from './dicomjson.js';

const GRAY = ['MONOCHROME1', 'MONOCHROME2'];
const COLOR = ['RGB', 'YBR_FULL', 'YBR_FULL_422', 'YBR_ICT', 'YBR_RCT'];

/**
 * @param {Dataset} dataset
 * @param {number} stored
 * @param {boolean} signed
 * @returns {[number, number]|null} inclusive
 */
function readPadding(dataset, stored, signed) {
  const [one] = numbers(dataset, TAG.PixelPaddingValue);
  if (one === undefined) return null;
  const [low, high] = signed ? [-(2 ** (stored - 1)), 2 ** (stored - 1) - 1] : [0, 2 ** stored - 1];
  const ends = [one, ...numbers(dataset, TAG.PixelPaddingRangeLimit).slice(0, 1)].map((end) =>
    signed && end > high ? end - 2 ** stored : end,
  );
  const [from, to] = [Math.min(...ends), Math.max(...ends)];
  // A value no stored sample can have marks nothing.
  return from >= low && to <= high ? [from, to] : null;
}

/** @param {Dataset} dataset @returns {Pixel|null} null when the instance is no image */
function readPixel(dataset) {
  const rows = number(dataset, TAG.Rows, 0);
  const columns = number(dataset, TAG.Columns, 0);
  if (rows < 1 || columns < 1) return null;
  const allocated = number(dataset, TAG.BitsAllocated, 0);
  const stored = number(dataset, TAG.BitsStored, allocated);
  const signed = number(dataset, TAG.PixelRepresentation, 0) === 1;
  const photometric = text(dataset, TAG.PhotometricInterpretation).toUpperCase();
  const shape = text(dataset, TAG.PresentationLUTShape).toUpperCase();
  return {
    rows,
    columns,
    allocated,
    stored,
    signed,
    photometric,
    samples: number(dataset, TAG.SamplesPerPixel, 1),
    planar: number(dataset, TAG.PlanarConfiguration, 0) === 1 ? 1 : 0,
    high: number(dataset, TAG.HighBit, stored - 1),
    inverse: photometric === 'MONOCHROME1' || (photometric === 'MONOCHROME2' && shape === 'INVERSE'),
    padding: readPadding(dataset, stored, signed),
  };
}

/** @param {Dataset} dataset @returns {boolean} float pixels have no Bits Stored (PS3.3 C.7.6.24) */
function isFloat(dataset) {
  if (dataset[TAG.FloatPixelData] || dataset[TAG.DoubleFloatPixelData]) return true;
  return !dataset[TAG.PixelData] && !dataset[TAG.BitsStored];
}

/**
 * Tells why native pixels of this kind cannot be painted here; '' when they can.
 *
 * @param {Pixel} pixel @param {Dataset} dataset @returns {string} a key of `strings.obstacle`
 */
function obstacleOf(pixel, dataset) {
  const { photometric, samples, allocated, stored, high } = pixel;
  const sane = stored >= 1 && stored <= allocated && high < allocated && high + 1 >= stored;
  if (isFloat(dataset) || !sane || ![1, 8, 16, 32].includes(allocated)) return 'bits';
  if (GRAY.includes(photometric)) return samples === 1 ? '' : 'samples';
  if (photometric === 'PALETTE COLOR') {
    const whole = [TAG.PaletteRed, TAG.PaletteGreen, TAG.PaletteBlue].every((tag) => dataset[tag]);
    return whole && allocated <= 16 && allocated > 1 && samples === 1 ? '' : 'palette';
  }
  if (!COLOR.includes(photometric)) return 'photometric';
  return samples === 3 && (allocated === 8 || allocated === 16) ? '' : 'samples';
}

/** @param {Dataset} dataset @returns {number} frames per second, 0 when the instance does not say */
function readRate(dataset) {
  const rate = number(dataset, TAG.RecommendedDisplayFrameRate, number(dataset, TAG.CineRate, 0));
  const time = number(dataset, TAG.FrameTime, 0);
  return rate > 0 ? rate : time > 0 ? 1000 / time : 0;
}

/** @param {Dataset} dataset one data set of a `/metadata` answer @returns {Instance} */
export function readInstance(dataset) {
  const pixel = readPixel(dataset);
  return {
    uid: text(dataset, TAG.SOPInstanceUID),
    sopClass: text(dataset, TAG.SOPClassUID),
    modality: text(dataset, TAG.Modality),
    number: number(dataset, TAG.InstanceNumber, 0),
    frames: Math.max(1, number(dataset, TAG.NumberOfFrames, 1)),
    pixel,
    obstacle: pixel ? obstacleOf(pixel, dataset) : 'none',
    fps: readRate(dataset),
    dataset,
  };
}

/**
 * The item of a functional group macro that holds for a frame: its own, else the shared one (PS3.3 C.7.6.16).
 *
 * @param {Instance} instance @param {number} frame from 1 @param {string} macro tag @returns {Dataset} {} when absent
 */
export function groupOf(instance, frame, macro) {
  const own = values(instance.dataset, TAG.PerFrameFunctionalGroups)[frame - 1];
  const mine = values(own ?? {}, macro)[0];
  return mine ?? item(item(instance.dataset, TAG.SharedFunctionalGroups), macro);
}

/**
 * The data set that holds `tag` for a frame: the functional group's item when it has it, else the root.
 *
 * @param {Instance} instance @param {number} frame @param {string} macro @param {string} tag @returns {Dataset}
 */
export function holderOf(instance, frame, macro, tag) {
  const group = groupOf(instance, frame, macro);
  return group[tag] ? group : instance.dataset;
}

/**
 * How decoding changes the description: single bits apart, what a server decodes has its colours by pixel and its
 * bits at the bottom.
 *
 * @param {Pixel} pixel as stored @param {string} photometric of the decoded frame; '' when it came as stored
 * @returns {Pixel}
 */
export function delivered(pixel, photometric) {
  return photometric ? { ...pixel, photometric, planar: 0, high: pixel.stored - 1 } : pixel;
}

/** @param {Instance} instance @param {number} frame @returns {number} the height of a pixel over its width */
export function aspectOf(instance, frame) {
  const spacing = spacingOf(instance, frame);
  const ratio = spacing && !instance.dataset[TAG.Regions] ? spacing.rows / spacing.columns : 1;
  // Below one per cent it is rounding of a square pixel; beyond twenty nothing plausible is meant.
  return Math.abs(ratio - 1) > 0.01 && ratio >= 0.05 && ratio <= 20 ? ratio : 1;
}

/** @typedef {{rows: number, columns: number, unit: 'mm'|'detector'|''}} Spacing  millimetres between pixel centres */

/** @param {Instance} instance @param {number} frame @returns {Spacing|null} null when the image says nothing of size */
export function spacingOf(instance, frame) {
  const { dataset } = instance;
  const measured = numbers(holderOf(instance, frame, TAG.PixelMeasures, TAG.PixelSpacing), TAG.PixelSpacing);
  if (measured.length === 2 && measured[0] > 0 && measured[1] > 0) {
    return { rows: measured[0], columns: measured[1], unit: 'mm' };
  }
  const region = item(dataset, TAG.Regions);
  const [x, y] = [number(region, TAG.RegionDeltaX, 0), number(region, TAG.RegionDeltaY, 0)];
  if (number(region, TAG.RegionUnitsX, 0) === 3 && x && y && values(dataset, TAG.Regions).length === 1) {
    return { rows: Math.abs(y) * 10, columns: Math.abs(x) * 10, unit: 'mm' };
  }
  for (const tag of [TAG.ImagerPixelSpacing, TAG.NominalScannedPixelSpacing]) {
    const found = numbers(dataset, tag);
    if (found.length === 2 && found[0] > 0 && found[1] > 0) {
      return { rows: found[0], columns: found[1], unit: 'detector' };
    }
  }
  const ratio = numbers(dataset, TAG.PixelAspectRatio);
  return ratio.length === 2 && ratio[0] > 0 && ratio[1] > 0 ? { rows: ratio[0], columns: ratio[1], unit: '' } : null;
}
