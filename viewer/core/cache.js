/** A cache bounded in bytes; the entry not used for longest goes first. */

/**
 * @template {{bytes: number}} T
 * @param {number} limit bytes @param {(value: T) => void} [dropped] called for each entry that leaves
 */
export function createCache(limit, dropped = () => {}) {
  /** @type {Map<string, T>} */
  const entries = new Map();
  let size = 0;

  /** @param {string} key */
  function remove(key) {
    const value = entries.get(key);
    if (value === undefined) return;
    entries.delete(key);
    size -= value.bytes;
    dropped(value);
  }

  return {
    /** @param {string} key @returns {T|undefined} and marks it as used */
    get(key) {
      const value = entries.get(key);
      if (value === undefined) return undefined;
      entries.delete(key);
      entries.set(key, value);
      return value;
    },
    /** @param {string} key @returns {boolean} */
    has: (key) => entries.has(key),
    /** @param {string} key @param {T} value stays even when it alone exceeds the limit */
    set(key, value) {
      remove(key);
      entries.set(key, value);
      size += value.bytes;
      for (const oldest of entries.keys()) {
        if (size <= limit || oldest === key) break;
        remove(oldest);
      }
    },
    clear() {
      for (const key of [...entries.keys()]) remove(key);
    },
    get size() {
      return size;
    },
  };
}
