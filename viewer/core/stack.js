/**
 * From the instances of a series to the stacks a person scrolls.
 *
 * @import {Instance, Slice, Stack} from './types.js'
 */

import { locationOf, orientationOf } from './geometry.js';

/** @param {Instance} a @param {Instance} b @returns {number} by Instance Number, then UID */
function byNumber(a, b) {
  return a.number - b.number || (a.uid < b.uid ? -1 : a.uid > b.uid ? 1 : 0);
}

/** @param {Slice} a @param {Slice} b @returns {boolean} whether both lie in parallel planes */
function parallel(a, b) {
  const [one, two] = [orientationOf(a.instance, a.frame), orientationOf(b.instance, b.frame)];
  if (!one || !two) return false;
  const near = (/** @type {number[]} */ u, /** @type {number[]} */ v) => u.every((x, i) => Math.abs(x - v[i]) < 1e-3);
  return near(one.row, two.row) && near(one.column, two.column);
}

/**
 * Orders single images by where they lie, when they lie in parallel planes at different places; else by number.
 * The direction is that of the instance numbers.
 *
 * @param {Slice[]} slices in order of number @returns {Slice[]}
 */
function ordered(slices) {
  const places = slices.map((slice) => ({ slice, at: locationOf(slice) ?? NaN }));
  const placed = slices.every((slice) => parallel(slice, slices[0])) && places.every(({ at }) => Number.isFinite(at));
  const different = new Set(places.map(({ at }) => at.toFixed(3))).size === places.length;
  if (!placed || !different || places.length < 2) return slices;
  const sign = places[places.length - 1].at >= places[0].at ? 1 : -1;
  return places.sort((a, b) => sign * (a.at - b.at)).map(({ slice }) => slice);
}

/**
 * A multi-frame image is a stack of its own; the single images of the series share one.
 *
 * @param {Instance[]} instances @returns {Stack[]} in order of instance number; none is empty
 */
export function stacksOf(instances) {
  const sorted = [...instances].sort(byNumber);
  const single = sorted.filter(({ frames }) => frames === 1);
  const stacks = sorted
    .filter(({ frames }) => frames > 1)
    .map((instance) => ({
      id: instance.uid,
      multiframe: true,
      slices: Array.from({ length: instance.frames }, (_, i) => ({ instance, frame: i + 1 })),
      order: instance.number,
    }));
  if (single.length) {
    const slices = ordered(single.map((instance) => ({ instance, frame: 1 })));
    stacks.push({ id: single[0].uid, multiframe: false, slices, order: single[0].number });
  }
  return stacks.sort((a, b) => a.order - b.order).map(({ id, multiframe, slices }) => ({ id, multiframe, slices }));
}

/**
 * The order in which images around the current one are fetched: ahead first, some behind, then the rest.
 *
 * @param {number} index @param {number} length @param {1|-1} direction @param {number} reach images at most
 * @returns {number[]} starts with `index`
 */
export function fetchOrder(index, length, direction, reach) {
  const order = [index];
  for (let ahead = 1, behind = 1; order.length < Math.min(reach, length);) {
    const useAhead = ahead <= behind * 2;
    const at = useAhead ? index + direction * ahead++ : index - direction * behind++;
    if (at >= 0 && at < length) order.push(at);
  }
  return order;
}
