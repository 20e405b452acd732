/**
 * What the viewports show: the frame at hand, how it is to be painted, and which frames to fetch next.
 *
 * @import {Frames, FrameRef, FrameState} from '../net/frames.js'
 * @import {Store} from './library.js'
 * @import {State, Viewport} from '../core/state.js'
 * @import {GrayLook} from '../core/raster.js'
 * @import {Frame, GrayFrame, ImageSize, Instance, ModalityTransform, Slice, Stack, Voi, VoiWindow} from '../core/types.js'
 */

import { aspectOf } from '../core/instance.js';
import { fetchOrder } from '../core/stack.js';
import { stackOf } from '../core/state.js';
import { modalityOf, ownVoi, spanWindow } from '../core/voi.js';
import { frameRef } from '../net/frames.js';

/** @param {Slice} slice @param {Frame|null} frame @returns {ImageSize} */
export function imageSize({ instance, frame: at }, frame) {
  return {
    columns: frame?.columns ?? instance.pixel?.columns ?? 1,
    rows: frame?.rows ?? instance.pixel?.rows ?? 1,
    // A rendering has square pixels already.
    aspect: frame?.kind === 'rendered' ? 1 : aspectOf(instance, at),
  };
}

/**
 * @typedef {{modality: ModalityTransform, own: Voi|null, span: VoiWindow|null}} Facts  what holds for a frame's grey
 *   values
 */
/** @type {WeakMap<Frame, Facts>} */
const known = new WeakMap();

/** @param {Slice} slice @param {GrayFrame} frame @returns {Facts} read from the header once */
function factsOf({ instance, frame: at }, frame) {
  const facts = known.get(frame) ?? { modality: modalityOf(instance, at), own: ownVoi(instance, at), span: null };
  known.set(frame, facts);
  return facts;
}

/** @param {Slice} slice @param {GrayFrame} frame @returns {VoiWindow} from the lowest to the highest value */
export function spanOf(slice, frame) {
  const facts = factsOf(slice, frame);
  facts.span ??= spanWindow(frame, facts.modality);
  return facts.span;
}

/** @param {Slice} slice @param {GrayFrame} frame @param {Viewport} viewport @returns {GrayLook} */
export function lookOf(slice, frame, viewport) {
  const { modality, own } = factsOf(slice, frame);
  const voi = viewport.voi ? windowVoi(viewport.voi) : (own ?? windowVoi(spanOf(slice, frame)));
  return { modality, voi, invert: viewport.invert !== frame.pixel.inverse };
}

/** @param {VoiWindow} window @returns {Voi} */
const windowVoi = (window) => ({ kind: 'window', window });

/** @param {Instance} instance @returns {number} what one decoded frame of it takes */
function bytesPerFrame({ pixel, obstacle }) {
  if (!pixel) return 1;
  const words = obstacle || pixel.samples === 3 || pixel.photometric === 'PALETTE COLOR' ? 4 : pixel.allocated / 8;
  return Math.max(1, pixel.rows * pixel.columns * words);
}

/** @param {{store: Store, frames: Frames}} options */
export function createViewing({ store, frames }) {
  /** @param {State} state @param {Slice} slice @param {Viewport} viewport @returns {FrameRef} */
  function refOf({ route, study }, { instance, frame }, viewport) {
    const ref = { source: route.source, study: study.uid, series: viewport.series, instance: instance.uid };
    return frameRef(ref, instance, frame);
  }

  /** @param {State} state @param {number} at @returns {FrameRef[]} what a viewport wants, most wanted first */
  function wishesOf(state, at) {
    const [viewport, stack] = [state.viewports[at], stackOf(state, at)];
    if (!stack) return [];
    const reach = Math.max(8, Math.floor((frames.limit * 0.8) / bytesPerFrame(stack.slices[0].instance)));
    return fetchOrder(viewport.index, stack.slices.length, viewport.direction, reach).map((index) =>
      refOf(state, stack.slices[index], viewport),
    );
  }

  return {
    /** Tells the frame store what is wanted now. */
    fetch() {
      const state = store.get();
      const lists = state.viewports.map((_, at) => wishesOf(state, at));
      const longest = Math.max(...lists.map(({ length }) => length));
      const woven = Array.from({ length: longest }, (_, i) => lists.map((list) => list[i])).flat();
      frames.want(woven.filter(Boolean));
    },
    /**
     * @param {number} [at]
     * @returns {{slice: Slice, stack: Stack, shown: FrameState, key: string}|null} null without a stack
     */
    current(at = store.get().active) {
      const state = store.get();
      const stack = stackOf(state, at);
      const slice = stack?.slices[state.viewports[at].index];
      if (!stack || !slice) return null;
      const { key } = refOf(state, slice, state.viewports[at]);
      return { slice, stack, key, shown: frames.state(key) };
    },
    /** @param {number} at @returns {boolean[]} for each slice of the viewport's stack, whether it is at hand */
    loaded(at) {
      const state = store.get();
      const slices = stackOf(state, at)?.slices ?? [];
      return slices.map((slice) => frames.has(refOf(state, slice, state.viewports[at]).key));
    },
    /** @param {number} at @returns {boolean} whether the slice that cine shows next is settled */
    nextReady(at) {
      const state = store.get();
      const stack = stackOf(state, at);
      if (!stack) return false;
      const next = stack.slices[(state.viewports[at].index + 1) % stack.slices.length];
      const { status } = frames.state(refOf(state, next, state.viewports[at]).key);
      return status === 'ready' || status === 'failed';
    },
    /** Fetches the current image once more after it failed. */
    retry() {
      const now = this.current();
      if (now) frames.forgive(now.key);
      this.fetch();
    },
  };
}

/** @typedef {ReturnType<typeof createViewing>} Viewing */
