/** Fetches what is wanted now, a few at a time, most wanted first; what has become less urgent is aborted. */

/**
 * @template T
 * @param {{concurrency: number, run: (key: string, signal: AbortSignal) => Promise<T>,
 *   done: (key: string, value: T) => void, failed: (key: string, error: unknown) => void}} options
 *   exactly one of `done` and `failed` is called for a key that was not aborted
 */
export function createQueue({ concurrency, run, done, failed }) {
  /** @type {Map<string, AbortController>} */
  const running = new Map();
  /** @type {string[]} */
  let wishes = [];

  function pump() {
    while (running.size < concurrency) {
      const key = wishes.shift();
      if (key === undefined) return;
      if (!running.has(key)) start(key);
    }
  }

  /** @param {string} key */
  function start(key) {
    const controller = new AbortController();
    running.set(key, controller);
    const settle = (/** @type {() => void} */ report) => {
      if (running.get(key) !== controller) return;
      running.delete(key);
      report();
      pump();
    };
    run(key, controller.signal).then(
      (value) => settle(() => done(key, value)),
      (error) => settle(() => failed(key, error)),
    );
  }

  /** @param {string} key */
  function abort(key) {
    running.get(key)?.abort();
    running.delete(key);
  }

  return {
    /** @param {string[]} keys everything wanted now, most wanted first; replaces the wishes before */
    want(keys) {
      // After a jump the neighbours of the old place are wanted late: they give their connections to the new place.
      const urgent = new Set(keys.slice(0, 2 * concurrency));
      for (const key of [...running.keys()]) if (!urgent.has(key)) abort(key);
      const first = keys[0];
      if (first !== undefined && !running.has(first) && running.size >= concurrency) {
        abort([...running.keys()].sort((a, b) => keys.indexOf(b) - keys.indexOf(a))[0]);
      }
      wishes = keys.filter((key) => !running.has(key));
      pump();
    },
    /** @param {string} key @returns {boolean} */
    isRunning: (key) => running.has(key),
    get running() {
      return running.size;
    },
  };
}
