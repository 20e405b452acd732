/**
 * Words over the image: corners, the patient's directions, a scale bar.
 *
 * @import {Frame, ImageSize, Matrix, Slice, Stack} from '../core/types.js'
 * @import {Viewport} from '../core/state.js'
 * @import {GrayLook} from '../core/raster.js'
 */

import { corners } from '../core/corner.js';
import { edgesOf, scaleBar } from '../core/geometry.js';
import { spacingOf } from '../core/instance.js';
import { strings } from '../strings.js';
import { h, setText } from './dom.js';

/**
 * @typedef {object} Painted
 * @property {Slice} slice
 * @property {Stack} stack
 * @property {boolean} whole   whether the stack holds all its images yet
 * @property {Viewport} viewport
 * @property {Frame} frame
 * @property {GrayLook|null} look
 * @property {Matrix} matrix   image pixels to device pixels
 * @property {ImageSize} image
 * @property {number} ratio    device pixels per CSS pixel
 */

const CORNERS = /** @type {const} */ (['topLeft', 'topRight', 'bottomLeft', 'bottomRight']);
const EDGES = /** @type {const} */ (['top', 'right', 'bottom', 'left']);

/** @template {string} K @param {readonly K[]} names @param {string} kind @returns {Record<K, HTMLElement>} */
function boxes(names, kind) {
  return /** @type {Record<K, HTMLElement>} */ (
    Object.fromEntries(names.map((name) => [name, h('div', { class: `${kind} ${kind}-${name}` })]))
  );
}

/** The words repeat what the canvas' label and the study's headings say, so assistive technology skips them. */
export function createOverlay() {
  const corner = boxes(CORNERS, 'corner');
  const words = /** @type {Record<string, HTMLElement>} */ ({});
  for (const name of CORNERS) corner[name].append((words[name] = h('span', {})));
  const edge = boxes(EDGES, 'edge');
  const bar = h('div', { class: 'scale-line' });
  const length = h('span', {});
  const scale = h('div', { class: 'scale', hidden: true }, bar, length);
  const element = h(
    'div',
    { class: 'overlay', 'aria-hidden': 'true' },
    ...Object.values(corner),
    ...Object.values(edge),
    scale,
  );

  /** @param {Painted} painted */
  function updateScale({ slice, frame, matrix, ratio }) {
    const spacing = spacingOf(slice.instance, slice.frame);
    const shrunk = (slice.instance.pixel?.columns ?? frame.columns) / frame.columns;
    scale.hidden = !spacing?.unit;
    if (!spacing?.unit) return;
    const perPixel = (spacing.columns * shrunk * ratio) / Math.hypot(matrix[0], matrix[1]);
    const { millimetres, pixels } = scaleBar(perPixel, element.clientWidth);
    bar.style.width = `${pixels}px`;
    const written = millimetres >= 10 ? `${millimetres / 10} cm` : `${Number(millimetres.toPrecision(1))} mm`;
    setText(length, spacing.unit === 'detector' ? `${written} ${strings.stage.detector}` : written);
  }

  return {
    element,
    /** @param {Painted} painted */
    update(painted) {
      const { slice, stack, whole, viewport, frame, look, matrix } = painted;
      element.hidden = false;
      const lines = corners(
        {
          slice,
          frame,
          index: viewport.index,
          count: whole ? stack.slices.length : null,
          zoom: Math.hypot(matrix[0], matrix[1]),
          voi: look?.voi ?? null,
          inverted: viewport.invert,
        },
        strings,
      );
      for (const name of CORNERS) setText(words[name], lines[name].join('\n'));
      const edges = edgesOf(slice, viewport.view);
      for (const name of EDGES) setText(edge[name], edges?.[name] ?? '');
      updateScale(painted);
    },
    clear() {
      element.hidden = true;
    },
  };
}
