/**
 * Everything a reader can do to the image, whether by mouse, finger, key or button.
 *
 * @import {Store} from './library.js'
 * @import {Viewing} from './viewing.js'
 * @import {Command} from '../core/gesture.js'
 * @import {GrayFrame, Size, Slice, View, VoiWindow} from '../core/types.js'
 */

import { stepped } from '../core/gesture.js';
import { dragged, presetsFor } from '../core/presets.js';
import { stackOf } from '../core/state.js';
import { fitScale, flipped, panned, rotated, zoomed } from '../core/view.js';
import { windowsOf } from '../core/voi.js';
import { imageSize, lookOf, spanOf } from './viewing.js';

const KEY_STEP = 24;
const KEY_ZOOM = 1.25;

/** @param {{store: Store, viewing: Viewing}} options */
export function createCommands({ store, viewing }) {
  /** @type {{size: Size, ratio: number}} of the active stage: CSS pixels, and device pixels in each */
  let stage = { size: { width: 1, height: 1 }, ratio: 1 };
  let rest = 0;

  const viewport = () => store.get().viewports[store.get().active];

  /** @returns {number} CSS pixels per image column at zoom 1; 0 without an image */
  function fit() {
    const now = viewing.current();
    if (!now) return 0;
    const frame = now.shown.status === 'ready' ? now.shown.frame : null;
    return fitScale(imageSize(now.slice, frame), stage.size, viewport().view);
  }

  /** @param {(view: View, fit: number) => View} change */
  function move(change) {
    const scale = fit();
    if (scale > 0) store.dispatch({ type: 'viewport/moved', view: change(viewport().view, scale) });
  }

  /** @returns {{slice: Slice, frame: GrayFrame}|null} the image in view when it has grey values to window */
  function gray() {
    const now = viewing.current();
    return now?.shown.status === 'ready' && now.shown.frame.kind === 'gray'
      ? { slice: now.slice, frame: now.shown.frame }
      : null;
  }

  /** @param {VoiWindow|null} voi */
  const show = (voi) => store.dispatch({ type: 'viewport/windowed', voi });

  /** @param {number} dx @param {number} dy pixels */
  function drag(dx, dy) {
    const now = gray();
    if (!now) return;
    const { voi } = lookOf(now.slice, now.frame, viewport());
    const from = voi.kind === 'window' ? voi.window : spanOf(now.slice, now.frame);
    show(dragged(from, dx, dy));
  }

  return {
    /** @param {Size} size @param {number} ratio */
    resized(size, ratio) {
      stage = { size, ratio };
    },
    /** @param {number} by images */
    scroll: (by) => store.dispatch({ type: 'viewport/scrolled', by }),
    /** @param {number} to index of an image */
    jump: (to) => store.dispatch({ type: 'viewport/jumped', to }),
    /** @param {number} images fractions add up */
    scrollBy(images) {
      const moved = stepped(rest, images);
      rest = moved.rest;
      if (moved.steps) this.scroll(moved.steps);
    },
    /** @param {number} pixels of a drag: the whole stage is about the whole stack */
    scrollPixels(pixels) {
      const count = stackOf(store.get())?.slices.length ?? 1;
      this.scrollBy(pixels / Math.max(4, Math.min(24, stage.size.height / count)));
    },
    /** @param {number} factor @param {number} [x] stage position that stays, in CSS pixels @param {number} [y] */
    zoom(factor, x = stage.size.width / 2, y = stage.size.height / 2) {
      const point = { x: x - stage.size.width / 2, y: y - stage.size.height / 2 };
      move((view, scale) => zoomed(view, factor, point, scale));
    },
    /** @param {Command} command */
    apply(command) {
      if (command.kind === 'scroll') this.scrollPixels(command.pixels);
      else if (command.kind === 'window') drag(command.dx, command.dy);
      else if (command.kind === 'pan') move((view, scale) => panned(view, command.dx, command.dy, scale));
      else this.zoom(command.factor, command.x, command.y);
    },
    /** @param {number} dx -1, 0 or 1 @param {number} dy of an arrow key: does what the chosen tool does */
    arrow(dx, dy) {
      const { tool } = store.get();
      if (tool === 'scroll') return dy ? this.scroll(dy) : this.otherStack(dx);
      if (tool === 'zoom') return this.zoom(dx + -dy > 0 ? KEY_ZOOM : 1 / KEY_ZOOM);
      return this.apply({ kind: tool, dx: dx * KEY_STEP, dy: dy * KEY_STEP });
    },
    fit: () => store.dispatch({ type: 'viewport/moved', view: { ...viewport().view, zoom: 1, x: 0, y: 0 } }),
    actual: () => move((view, scale) => ({ ...view, zoom: 1 / (scale * stage.ratio), x: 0, y: 0 })),
    rotate: () => move((view) => rotated(view, 90)),
    flip: () => move(flipped),
    invert: () => store.dispatch({ type: 'viewport/inverted' }),
    reset: () => store.dispatch({ type: 'viewport/reset' }),
    words: () => store.dispatch({ type: 'words/toggled' }),
    play: () => store.dispatch({ type: 'cine/toggled' }),
    /** @param {number} fps */
    speed: (fps) => store.dispatch({ type: 'cine/speed', fps }),
    /** @param {string} tool */
    choose: (tool) => store.dispatch({ type: 'tool/chosen', tool }),
    /** @param {number} direction to the stack after or before this one in its series */
    otherStack(direction) {
      const { series, stack } = viewport();
      const wanted = stack + direction;
      if (store.get().series[series]?.stacks[wanted])
        store.dispatch({ type: 'viewport/opened', series, stack: wanted });
    },
    /** @param {string} value an option of the presets' list: own, full, image:N or the key of a preset */
    preset(value) {
      const now = gray();
      if (value === 'own' || !now) return show(null);
      if (value === 'full') return show({ ...spanOf(now.slice, now.frame), label: 'full' });
      const [kind, at] = value.split(':');
      const window =
        kind === 'image'
          ? windowsOf(now.slice.instance, now.slice.frame)[Number(at)]
          : presetsFor(now.slice.instance.modality).find(({ key }) => key === value)?.window;
      return show(window ? { ...window, label: value } : null);
    },
    gray,
  };
}

/** @typedef {ReturnType<typeof createCommands>} Commands */
