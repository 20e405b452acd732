/**
 * One viewport: the canvas, its words, its scroll rail, and what is shown when there is no image.
 *
 * @import {Store} from '../control/library.js'
 * @import {Viewing} from '../control/viewing.js'
 * @import {Commands} from '../control/commands.js'
 * @import {Frame, Stack} from '../core/types.js'
 */

import { imageSize, lookOf } from '../control/viewing.js';
import { matrixOf, snapped } from '../core/view.js';
import { strings } from '../strings.js';
import { attribute, changes, h } from './dom.js';
import { listen } from './gestures.js';
import { createOverlay } from './overlay.js';
import { createPainter } from './painter2d.js';
import { createRail } from './rail.js';
import { createVeil } from './veil.js';

/**
 * @param {{store: Store, viewing: Viewing, commands: Commands, at: number, repaint: () => void, reopen: () => void}} options
 *   `at`: index among the viewports
 */
export function createViewport({ store, viewing, commands, at, repaint, reopen }) {
  const changed = changes();
  const canvas = /** @type {HTMLCanvasElement} */ (h('canvas', { role: 'img' }));
  const overlay = createOverlay();
  const veil = createVeil({ retry: () => viewing.retry(), reopen });
  const rail = createRail({ jump: (to) => commands.jump(to) });
  const stage = h(
    'div',
    { class: 'stage', tabindex: '0', role: 'application', 'aria-label': strings.stage.viewport },
    canvas,
    overlay.element,
  );
  const element = h('section', { class: 'viewport' }, stage, veil.element, rail.element);
  const painter = createPainter(canvas);
  let size = { width: 1, height: 1 };
  /** @type {Stack|null} whose image is on the canvas */
  let painted = null;

  listen(stage, commands, () => store.get().tool);
  new ResizeObserver(([entry]) => {
    const ratio = devicePixelRatio;
    const { width, height } = entry.contentRect;
    size = { width: Math.max(1, Math.round(width * ratio)), height: Math.max(1, Math.round(height * ratio)) };
    commands.resized({ width, height }, ratio);
    repaint();
  }).observe(stage);

  /** @param {NonNullable<ReturnType<Viewing['current']>>} now @param {Frame} frame */
  function paint({ slice, stack }, frame) {
    const viewport = store.get().viewports[at];
    const image = imageSize(slice, frame);
    const look = frame.kind === 'gray' ? lookOf(slice, frame, viewport) : null;
    const matrix = snapped(matrixOf(image, size, viewport.view));
    painter.paint({ size, frame, look, invert: viewport.invert, matrix });
    painted = stack;
    const whole = store.get().series[viewport.series]?.status === 'ready';
    overlay.update({ slice, stack, whole, viewport, frame, look, matrix, image, ratio: devicePixelRatio });
  }

  function clear() {
    painter.paint({ size, frame: null, look: null, invert: false, matrix: [1, 0, 0, 1, 0, 0] });
    painted = null;
    overlay.clear();
  }

  return {
    element,
    stage,
    update() {
      const state = store.get();
      const viewport = state.viewports[at];
      const now = viewing.current(at);
      const frame = now?.shown.status === 'ready' ? now.shown.frame : null;
      if (now && frame) paint(now, frame);
      else if (!now || now.stack !== painted || now.shown.status === 'failed') clear();
      const status = now ? now.shown.status : (state.series[viewport.series]?.status ?? 'empty');
      attribute(element, 'data-status', status);
      attribute(element, 'data-index', viewport.index);
      attribute(element, 'data-instance', now?.slice.instance.uid);
      attribute(element, 'data-frame', now?.slice.frame);
      attribute(element, 'data-partial', now !== null && state.series[viewport.series]?.status === 'loading');
      attribute(element, 'data-wordless', !state.words);
      veil.update({ now, series: state.series[viewport.series], viewport, study: state.study });
      rail.update({ count: now?.stack.slices.length ?? 0, index: viewport.index, loaded: () => viewing.loaded(at) });
      const label = now
        ? strings.stage.label(now.slice.instance.modality, viewport.index + 1, now.stack.slices.length)
        : strings.stage.empty;
      if (changed('label', label)) attribute(canvas, 'aria-label', label);
    },
  };
}
