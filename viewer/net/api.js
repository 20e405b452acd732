/**
 * The gateway's doors, as functions. Every failure is a `Problem`; an aborted call rejects with its AbortError.
 *
 * @import {Dataset, Source} from '../core/types.js'
 */

import { parseMultipart } from '../core/multipart.js';
import { Problem, problemOf, warningTexts } from '../core/problem.js';
import { strings } from '../strings.js';

/** @typedef {{source: Source, study: string, series: string, instance: string}} InstanceRef */

const DOOR = { pacs: 'dicom-web/', teaching: 'teaching/dicom-web/' };
const NATIVE_FRAMES = 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1';

/** @param {InstanceRef} ref @returns {string} */
const instancePath = ({ study, series, instance }) => `studies/${study}/series/${series}/instances/${instance}`;

/** @param {unknown} error @returns {boolean} */
export const isAbort = (error) => error instanceof DOMException && error.name === 'AbortError';

/** @param {Response} response @param {(received: number) => void} [progress] @returns {Promise<Uint8Array>} */
async function bytesOf(response, progress) {
  if (!progress || !response.body) return new Uint8Array(await response.arrayBuffer());
  const reader = response.body.getReader();
  /** @type {Uint8Array[]} */
  const chunks = [];
  let received = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    chunks.push(read.value);
    received += read.value.byteLength;
    progress(received);
  }
  const whole = new Uint8Array(received);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/**
 * @param {Response} response
 * @param {Uint8Array} body
 * @returns {{headers: Map<string, string>, body: Uint8Array}} the one part, aligned
 */
function onlyPart(response, body) {
  const type = response.headers.get('Content-Type') ?? '';
  if (!/^\s*multipart\//i.test(type)) return { headers: new Map(), body };
  try {
    const parts = parseMultipart(type, body);
    if (parts.length === 1) return parts[0];
  } catch {
    // Told below, like a body of several parts where one was asked for.
  }
  throw new Problem('broken', strings.problem.broken);
}

/** @param {{base: URL, signedOut: () => void}} options `signedOut` is told of each 401 */
export function createApi({ base, signedOut }) {
  /**
   * @param {URL} url @param {string} accept @param {AbortSignal} [signal] @returns {Promise<Response>}
   * @throws {Problem}
   */
  async function get(url, accept, signal) {
    const response = await send(url, { headers: { Accept: accept }, signal });
    if (response.ok) return response;
    const body = await response.text().catch(() => '');
    if (response.status === 401) signedOut();
    throw problemOf(response.status, body, strings.problem.unknown(response.status));
  }

  /** @param {URL} url @param {RequestInit} init */
  async function send(url, init) {
    try {
      return await fetch(url, { credentials: 'same-origin', redirect: 'error', ...init });
    } catch (error) {
      throw isAbort(error) ? error : new Problem('network', strings.problem.network);
    }
  }

  /** @template T @param {Promise<T>} body @returns {Promise<T>} a body that breaks off is a Problem too */
  async function whole(body) {
    try {
      return await body;
    } catch (error) {
      throw isAbort(error) || error instanceof Problem ? error : new Problem('broken', strings.problem.broken);
    }
  }

  /** @param {Source} source @param {string} path */
  const at = (source, path) => new URL(DOOR[source] + path, base);

  /** @param {URL} url @param {AbortSignal} [signal] */
  async function datasets(url, signal) {
    const response = await get(url, 'application/dicom+json', signal);
    /** @type {Dataset[]} */
    const rows = response.status === 204 ? [] : await whole(response.json());
    return { rows, status: response.status, warnings: warningTexts(response.headers.get('Warning')) };
  }

  return {
    /** @param {Source} source @param {URLSearchParams} query @param {AbortSignal} [signal] */
    studies: (source, query, signal) => datasets(at(source, `studies?${query}`), signal),

    /** @param {Source} source @param {string} study @param {AbortSignal} [signal] */
    series: (source, study, signal) => datasets(at(source, `studies/${study}/series`), signal),

    /** @param {Source} source @param {string} study @param {string} series @param {AbortSignal} [signal] */
    metadata: (source, study, series, signal) =>
      datasets(at(source, `studies/${study}/series/${series}/metadata`), signal),

    /**
     * @param {Source} source
     * @param {string} study
     * @param {string} series
     * @param {URLSearchParams} query
     * @param {AbortSignal} [signal]
     */
    instances: (source, study, series, query, signal) =>
      datasets(at(source, `studies/${study}/series/${series}/instances?${query}`), signal),

    /** @param {InstanceRef} ref @param {AbortSignal} [signal] */
    instanceMetadata: (ref, signal) => datasets(at(ref.source, `${instancePath(ref)}/metadata`), signal),

    /**
     * @param {InstanceRef} ref @param {number} frame @param {AbortSignal} signal
     * @param {(received: number) => void} progress
     * @returns {Promise<{bytes: Uint8Array, photometric: string}>} native little-endian pixels, and the Photometric
     *   Interpretation they have when the gateway decoded them; '' when they came as stored
     */
    async frame(ref, frame, signal, progress) {
      const url = at(ref.source, `${instancePath(ref)}/frames/${frame}`);
      const response = await get(url, NATIVE_FRAMES, signal);
      const { headers, body } = onlyPart(response, await whole(bytesOf(response, progress)));
      return { bytes: body, photometric: headers.get('photometric-interpretation') ?? '' };
    },

    /**
     * @param {string} uri a BulkDataURI
     * @param {Source} source
     * @param {AbortSignal} signal
     * @returns {Promise<Uint8Array>}
     */
    async bulk(uri, source, signal) {
      const response = await get(new URL(uri, at(source, '')), 'application/octet-stream', signal);
      return onlyPart(response, await whole(bytesOf(response))).body;
    },

    /** @param {InstanceRef} ref @param {number} frame 0 for an image of one frame @param {AbortSignal} signal */
    async rendered(ref, frame, signal) {
      const path = instancePath(ref) + (frame ? `/frames/${frame}` : '');
      const response = await get(at(ref.source, `${path}/rendered`), 'image/png, image/jpeg;q=0.8', signal);
      return whole(response.blob());
    },

    /**
     * @param {Source} source @param {string} study @param {string} series
     * @param {string} instance '' for the series @param {AbortSignal} [signal] @returns {Promise<Blob>}
     */
    async thumbnail(source, study, series, instance, signal) {
      const path = instance ? instancePath({ source, study, series, instance }) : `studies/${study}/series/${series}`;
      const response = await get(at(source, `${path}/thumbnail`), 'image/jpeg', signal);
      return whole(response.blob());
    },

    /** @param {string} token @returns {Promise<void>} resolves when the session cookie is set @throws {Problem} */
    async signIn(token) {
      const response = await send(new URL('session', base), { method: 'POST', body: new URLSearchParams({ token }) });
      if (response.ok) return;
      const body = await response.text();
      throw problemOf(response.status, body, strings.signIn.wrong);
    },
  };
}

/** @typedef {ReturnType<typeof createApi>} Api */
