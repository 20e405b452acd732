/**
 * Thumbnails: fetched when they come into view, a few at a time, with the reason when one is withheld.
 *
 * @import {Api} from '../net/api.js'
 * @import {Source} from '../core/types.js'
 */

import { Problem } from '../core/problem.js';
import { isAbort } from '../net/api.js';
import { icon } from './dom.js';

/**
 * @typedef {{source: Source, study: string, series: string, instance: string}} ThumbRef  `instance` '' for the series
 */

const AT_ONCE = 2;

/** @param {{api: Api, withheld: (box: Element, reason: string) => void}} options `withheld` draws the banner */
export function createThumbs({ api, withheld }) {
  /** @type {Map<Element, ThumbRef>} */
  const refs = new Map();
  /** @type {Element[]} */
  let waiting = [];
  let controller = new AbortController();
  let active = 0;
  let held = true;

  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) enqueue(target);
    },
    { rootMargin: '200px' },
  );

  /** @param {Element} box */
  function enqueue(box) {
    observer.unobserve(box);
    waiting.push(box);
    pump();
  }

  function pump() {
    while (!held && active < AT_ONCE && waiting.length) {
      const box = /** @type {Element} */ (waiting.shift());
      const ref = refs.get(box);
      if (!ref) continue;
      active += 1;
      load(box, ref, controller.signal).finally(() => {
        active -= 1;
        pump();
      });
    }
  }

  /** @param {Element} box @param {ThumbRef} ref @param {AbortSignal} signal */
  async function load(box, { source, study, series, instance }, signal) {
    try {
      show(box, await api.thumbnail(source, study, series, instance, signal));
    } catch (error) {
      if (isAbort(error)) return;
      if (error instanceof Problem && error.kind === 'withheld') withheld(box, error.message);
      else box.replaceChildren(icon('document'));
    }
  }

  /** @param {Element} box @param {Blob} blob */
  function show(box, blob) {
    const image = new Image();
    const url = URL.createObjectURL(blob);
    image.alt = '';
    image.onload = () => URL.revokeObjectURL(url);
    image.onerror = () => {
      URL.revokeObjectURL(url);
      box.replaceChildren(icon('document'));
    };
    image.src = url;
    box.replaceChildren(image);
  }

  return {
    /** @param {Element} box @param {ThumbRef} ref */
    watch(box, ref) {
      refs.set(box, ref);
      observer.observe(box);
    },
    /** Lets the thumbnails come: the image that was opened goes first. */
    release() {
      held = false;
      pump();
    },
    /** Forgets every box, and aborts what is on its way. */
    clear() {
      controller.abort();
      controller = new AbortController();
      observer.disconnect();
      refs.clear();
      waiting = [];
      held = true;
    },
  };
}

/** @typedef {ReturnType<typeof createThumbs>} Thumbs */
