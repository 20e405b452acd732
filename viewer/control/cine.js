/**
 * Plays stacks at their speed, and waits for a frame rather than leave it out.
 *
 * @import {Store} from './library.js'
 * @import {Viewing} from './viewing.js'
 */

/**
 * @param {{store: Store, viewing: Viewing}} options
 * @returns {{update: () => void}} `update` after each change of the state
 */
export function createCine({ store, viewing }) {
  /** @type {Map<number, number>} viewport to the time its next frame is due */
  const due = new Map();
  let running = false;

  /** @param {number} now */
  function tick(now) {
    const playing = [...store.get().viewports.entries()].filter(([, { cine }]) => cine.playing);
    running = playing.length > 0;
    for (const [at, { cine }] of playing) {
      const when = due.get(at) ?? now;
      if (now < when || !viewing.nextReady(at)) continue;
      const period = 1000 / cine.fps;
      due.set(at, now - when > period ? now + period : when + period);
      store.dispatch({ type: 'cine/ticked', at });
    }
    if (running) requestAnimationFrame(tick);
    else due.clear();
  }

  return {
    update() {
      if (running || !store.get().viewports.some(({ cine }) => cine.playing)) return;
      running = true;
      requestAnimationFrame(tick);
    },
  };
}
