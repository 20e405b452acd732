/**
 * Frames on their way and at hand: fetched in the order wanted, decoded once, kept within a limit.
 *
 * @import {Frame, Instance} from '../core/types.js'
 * @import {Api, InstanceRef} from './api.js'
 */

import { createCache } from '../core/cache.js';
import { ShortFrame, decodeFrame, frameBytes } from '../core/decode.js';
import { delivered } from '../core/instance.js';
import { lacksModality, palette, remoteTables } from '../core/luts.js';
import { Problem } from '../core/problem.js';
import { createQueue } from '../core/queue.js';
import { strings } from '../strings.js';

/** @typedef {{key: string, ref: InstanceRef, instance: Instance, frame: number}} FrameRef */
/**
 * @typedef {{status: 'ready', frame: Frame} | {status: 'loading', progress: number} | {status: 'failed', problem: Problem}
 *   | {status: 'waiting'}} FrameState
 */

/** Six connections are what a browser opens to one HTTP/1.1 server; two are left for metadata and thumbnails. */
const CONCURRENCY = 4;
const RETRY_MS = 1000;

/** @param {InstanceRef} ref @param {Instance} instance @param {number} frame @returns {FrameRef} */
export function frameRef(ref, instance, frame) {
  return { key: `${ref.source}/${ref.study}/${ref.series}/${ref.instance}/${frame}`, ref, instance, frame };
}

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new DOMException('aborted', 'AbortError'));
    });
  });
}

/** @param {{api: Api, limit: number, changed: (key: string) => void}} options `limit` in bytes of decoded frames */
export function createFrames({ api, limit, changed }) {
  /** @type {ReturnType<typeof createCache<Frame>>} */
  const cache = createCache(limit, (frame) => frame.kind === 'rendered' && frame.image.close());
  /** @type {Map<string, Problem>} */
  const problems = new Map();
  /** @type {Map<string, FrameRef>} */
  const wanted = new Map();
  /** @type {Map<string, number>} */
  const progress = new Map();
  /** @type {Map<string, string>} instances whose native frames the server cannot give, and why */
  const refused = new Map();

  const queue = createQueue({
    concurrency: CONCURRENCY,
    run: (key, signal) => loadOrRetry(/** @type {FrameRef} */ (wanted.get(key)), signal),
    done(key, /** @type {Frame} */ frame) {
      progress.delete(key);
      cache.set(key, frame);
      changed(key);
    },
    failed(key, error) {
      progress.delete(key);
      problems.set(key, error instanceof Problem ? error : new Problem('failed', strings.stage.failed));
      changed(key);
    },
  });

  /**
   * @param {FrameRef} wish
   * @param {AbortSignal} signal
   * @returns {Promise<Frame>} one more try when the server was busy
   */
  async function loadOrRetry(wish, signal) {
    try {
      return await load(wish, signal);
    } catch (error) {
      if (!(error instanceof Problem && ['busy', 'network', 'broken'].includes(error.kind))) throw error;
      await pause(RETRY_MS, signal);
      return load(wish, signal);
    }
  }

  /** @param {FrameRef} wish @param {AbortSignal} signal @returns {Promise<Frame>} */
  async function load(wish, signal) {
    const obstacle = wish.instance.obstacle || refused.get(wish.ref.instance);
    if (obstacle) return rendered(wish, obstacle, signal);
    try {
      return await native(wish, signal);
    } catch (error) {
      if (!(error instanceof Problem && error.kind === 'unacceptable')) throw error;
      refused.set(wish.ref.instance, 'refused');
      return rendered(wish, 'refused', signal);
    }
  }

  /** @param {FrameRef} wish @param {AbortSignal} signal @returns {Promise<Frame>} */
  async function native({ key, ref, instance, frame }, signal) {
    const pixel = /** @type {import('../core/types.js').Pixel} */ (instance.pixel);
    await Promise.all(
      remoteTables(instance.dataset).map(async (element) => {
        element.bytes = await api.bulk(element.BulkDataURI ?? '', ref.source, signal);
      }),
    );
    const tables = palette(instance);
    const lacking =
      pixel.photometric === 'PALETTE COLOR' ? !tables && 'palette' : lacksModality(instance) && 'modality';
    if (lacking) return rendered({ key, ref, instance, frame }, lacking, signal);
    const expected = frameBytes(pixel);
    const { bytes, photometric } = await api.frame(ref, frame, signal, (received) => {
      progress.set(key, Math.min(received / expected, 1));
      changed(key);
    });
    try {
      return decodeFrame(bytes, delivered(pixel, photometric), tables);
    } catch (error) {
      throw error instanceof ShortFrame ? new Problem('broken', strings.problem.short) : error;
    }
  }

  /** @param {FrameRef} wish @param {string} reason @param {AbortSignal} signal @returns {Promise<Frame>} */
  async function rendered({ ref, instance, frame }, reason, signal) {
    const blob = await api.rendered(ref, instance.frames > 1 ? frame : 0, signal);
    const image = await createImageBitmap(blob).catch(() => {
      throw new Problem('broken', strings.problem.broken);
    });
    const { width, height } = image;
    return { kind: 'rendered', rows: height, columns: width, image, bytes: width * height * 4, reason };
  }

  return {
    /** @param {FrameRef[]} wishes all that is wanted now, most wanted first */
    want(wishes) {
      const missing = wishes.filter(({ key }) => !cache.has(key) && !problems.has(key));
      wanted.clear();
      for (const wish of missing) wanted.set(wish.key, wish);
      queue.want(missing.map(({ key }) => key));
    },
    /** @param {string} key @returns {FrameState} */
    state(key) {
      const frame = cache.get(key);
      if (frame) return { status: 'ready', frame };
      const problem = problems.get(key);
      if (problem) return { status: 'failed', problem };
      return queue.isRunning(key) ? { status: 'loading', progress: progress.get(key) ?? 0 } : { status: 'waiting' };
    },
    /** @param {string} key @returns {boolean} */
    has: (key) => cache.has(key),
    /** @param {string} key lets a frame that failed be fetched again */
    forgive: (key) => problems.delete(key),
    /** Forgets every frame, when the source changes or the reader signs out. */
    clear() {
      queue.want([]);
      cache.clear();
      problems.clear();
      refused.clear();
    },
    limit,
  };
}

/** @typedef {ReturnType<typeof createFrames>} Frames */
