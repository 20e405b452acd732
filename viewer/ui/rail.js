/** The scroll rail: where in the stack the reader is, and which images have arrived. */

import { strings } from '../strings.js';
import { attribute, changes, h } from './dom.js';

const ROWS = 200;

/** @param {{jump: (to: number) => void}} options */
export function createRail({ jump }) {
  const changed = changes();
  const track = /** @type {HTMLCanvasElement} */ (
    h('canvas', { class: 'rail-loaded', width: 1, height: ROWS, 'aria-hidden': 'true' })
  );
  const range = /** @type {HTMLInputElement} */ (
    h('input', {
      type: 'range',
      class: 'rail-range',
      min: 1,
      max: 1,
      step: 1,
      'aria-label': strings.stage.slice,
      'aria-orientation': 'vertical',
      on: { input: () => jump(Number(range.value) - 1) },
    })
  );
  const element = h('div', { class: 'rail', hidden: true }, track, range);
  const context = /** @type {CanvasRenderingContext2D} */ (track.getContext('2d'));

  /** @param {boolean[]} loaded */
  function draw(loaded) {
    const count = loaded.length;
    track.height = Math.min(count, ROWS);
    context.fillStyle = getComputedStyle(element).color;
    for (let row = 0; row < track.height; row += 1) {
      const [from, to] = [Math.floor((row * count) / track.height), Math.ceil(((row + 1) * count) / track.height)];
      if (loaded.slice(from, to).every(Boolean)) context.fillRect(0, row, 1, 1);
    }
  }

  return {
    element,
    /** @param {{count: number, index: number, loaded: () => boolean[]}} now */
    update({ count, index, loaded }) {
      element.hidden = count < 2;
      if (element.hidden) return;
      if (changed('count', count)) attribute(range, 'max', count);
      if (changed('place', `${index}/${count}`)) {
        range.value = String(index + 1);
        attribute(range, 'aria-valuetext', strings.stage.sliceText(index + 1, count));
      }
      const arrived = loaded();
      if (changed('arrived', `${count}:${arrived.map(Number).join('')}`)) draw(arrived);
    },
  };
}
