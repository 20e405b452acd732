/**
 * Reads mouse, pen, fingers and wheel over a stage.
 *
 * @import {Commands} from '../control/commands.js'
 * @import {Tool} from '../core/gesture.js'
 */

import { IDLE, down, move, up, wheelImages, wheelPixels } from '../core/gesture.js';

/** @param {HTMLElement} stage @param {Commands} commands @param {() => Tool} tool the one chosen now */
export function listen(stage, commands, tool) {
  let hand = IDLE;
  /** @type {DOMRect|null} */
  let box = null;

  /** @param {PointerEvent} event */
  function pointer({ pointerId, clientX, clientY, button }) {
    box ??= stage.getBoundingClientRect();
    return { id: pointerId, x: clientX - box.left, y: clientY - box.top, button };
  }

  /** @param {PointerEvent} event */
  function release({ pointerId }) {
    hand = up(hand, pointerId);
    stage.classList.toggle('grabbed', hand.points.size > 0);
  }

  stage.addEventListener('pointerdown', (event) => {
    box = null;
    stage.setPointerCapture(event.pointerId);
    hand = down(hand, pointer(event), tool());
    stage.classList.add('grabbed');
    if (event.button === 1) event.preventDefault();
  });
  stage.addEventListener('pointermove', (event) => {
    if (!hand.points.has(event.pointerId)) return;
    const moved = move(hand, pointer(event));
    hand = moved.hand;
    for (const command of moved.commands) commands.apply(command);
  });
  stage.addEventListener('pointerup', release);
  stage.addEventListener('pointercancel', release);
  stage.addEventListener('contextmenu', (event) => event.preventDefault());
  stage.addEventListener('dblclick', () => commands.fit());
  stage.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      // A pinch on a touch pad arrives as a wheel with the control key.
      if (!event.ctrlKey) return commands.scrollBy(wheelImages(event));
      const { left, top } = stage.getBoundingClientRect();
      return commands.zoom(Math.exp(-wheelPixels(event) / 300), event.clientX - left, event.clientY - top);
    },
    { passive: false },
  );
}
