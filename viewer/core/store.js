/**
 * Holds the state and tells who listens.
 *
 * @import {State} from './state.js'
 */

/**
 * @template S
 * @param {S} initial @param {(state: S, action: any) => S} reduce
 */
export function createStore(initial, reduce) {
  let state = initial;
  /** @type {Set<(state: S, before: S) => void>} */
  const listeners = new Set();
  return {
    get: () => state,
    /** @param {{type: string, [field: string]: any}} action */
    dispatch(action) {
      const before = state;
      state = reduce(state, action);
      if (state !== before) for (const listener of [...listeners]) listener(state, before);
    },
    /** @param {(state: S, before: S) => void} listener called after each change, in order of subscription */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
