/**
 * Finding and opening: the search, a study's series, a series' images. One request of each kind at a time.
 *
 * @import {Api} from '../net/api.js'
 * @import {Fault, State} from '../core/state.js'
 * @import {Filters} from '../core/query.js'
 * @import {Dataset} from '../core/types.js'
 */

import { NO_IMAGES, TAG, number, text } from '../core/dicomjson.js';
import { readInstance } from '../core/instance.js';
import { Problem } from '../core/problem.js';
import { studyQuery } from '../core/query.js';
import { stacksOf } from '../core/stack.js';
import { isAbort } from '../net/api.js';
import { strings } from '../strings.js';

/** @typedef {{get: () => State, dispatch: (action: {type: string, [field: string]: any}) => void}} Store */

/** The sentence of PS3.18 §8.3.4.4.1. */
const MORE = /additional results/i;

/** Instances from which on a series shows its first image before it knows the others. */
const LONG = 40;

/** @param {unknown} error @returns {Fault} */
function faultOf(error) {
  if (error instanceof Problem) return { text: error.message, kind: error.kind, reason: error.reason };
  throw error;
}

/** Aborts the call before when the next one starts. */
function latest() {
  let controller = new AbortController();
  return () => {
    controller.abort();
    controller = new AbortController();
    return controller.signal;
  };
}

/** @param {Dataset[]} series @returns {Dataset[]} by number, then UID */
function inOrder(series) {
  const uid = (/** @type {Dataset} */ row) => text(row, TAG.SeriesInstanceUID);
  return [...series].sort(
    (a, b) => number(a, TAG.SeriesNumber, 1e9) - number(b, TAG.SeriesNumber, 1e9) || (uid(a) < uid(b) ? -1 : 1),
  );
}

/** @param {Dataset[]} series @returns {string} the UID of the one a study opens at, '' when it has none */
function firstShown(series) {
  const shown = series.find((row) => !NO_IMAGES.has(text(row, TAG.Modality))) ?? series[0];
  return text(shown, TAG.SeriesInstanceUID);
}

/** @param {{store: Store, api: Api}} options */
export function createLibrary({ store, api }) {
  const [nextFind, nextStudy, nextSeries] = [latest(), latest(), latest()];

  /**
   * Runs a request and dispatches what came of it; an aborted one dispatches nothing.
   *
   * @template T @param {() => Promise<T>} request @param {(answer: T) => void} answered
   * @param {(fault: Fault) => void} failed
   */
  async function attempt(request, answered, failed) {
    let answer;
    try {
      answer = await request();
    } catch (error) {
      if (!isAbort(error)) failed(faultOf(error));
      return;
    }
    answered(answer);
  }

  /** @param {Filters} filters @param {number} offset */
  function find(filters, offset) {
    const signal = nextFind();
    const { source } = store.get().route;
    store.dispatch({ type: 'find/started', filters, offset });
    return attempt(
      () => api.studies(source, studyQuery(source, filters, offset), signal),
      ({ rows, warnings }) => {
        const more = rows.length > 0 && warnings.some((words) => MORE.test(words));
        store.dispatch({ type: 'find/answered', rows, more, note: warnings.find((words) => !MORE.test(words)) ?? '' });
      },
      (fault) => store.dispatch({ type: 'find/failed', fault }),
    );
  }

  /** @param {string} uid */
  function openStudy(uid) {
    const signal = nextStudy();
    const { find: found, route } = store.get();
    const known = found.rows.find((row) => text(row, TAG.StudyInstanceUID) === uid) ?? null;
    const query = new URLSearchParams({ StudyInstanceUID: uid, includefield: 'StudyDescription' });
    store.dispatch({ type: 'study/started', uid, row: known });
    return attempt(
      async () => {
        const [series, studies] = await Promise.all([
          api.series(route.source, uid, signal),
          known ? { rows: [known] } : api.studies(route.source, query, signal),
        ]);
        return { row: studies.rows[0] ?? null, series: inOrder(series.rows) };
      },
      ({ row, series }) => {
        store.dispatch({ type: 'study/answered', row, series });
        const chosen = store.get().route.series || firstShown(series);
        if (chosen) openSeries(chosen);
      },
      (fault) => store.dispatch({ type: 'study/failed', fault }),
    );
  }

  /**
   * Shows the first image of a long series before the metadata of all is asked for: that is the work of seconds,
   * and a busy server would let the first image wait for it.
   *
   * @param {string} uid @param {AbortSignal} signal
   */
  function preview(uid, signal) {
    const { study, route } = store.get();
    return attempt(
      async () => {
        const query = new URLSearchParams({ InstanceNumber: '1', limit: '1' });
        const { rows: found } = await api.instances(route.source, study.uid, uid, query, signal);
        const instance = text(found[0], TAG.SOPInstanceUID);
        if (!instance) return { rows: [] };
        return api.instanceMetadata({ source: route.source, study: study.uid, series: uid, instance }, signal);
      },
      ({ rows }) => {
        const stacks = stacksOf(rows.map(readInstance).filter(({ pixel }) => pixel));
        if (stacks.length) store.dispatch({ type: 'series/previewed', uid, stacks });
      },
      () => undefined, // The request for all of them tells what is wrong.
    );
  }

  /** @param {string} uid @param {number} [stack] */
  async function openSeries(uid, stack = 0) {
    const { series, study, route } = store.get();
    store.dispatch({ type: 'viewport/opened', series: uid, stack });
    if (series[uid]?.status === 'ready') return;
    const signal = nextSeries();
    store.dispatch({ type: 'series/started', uid });
    const row = study.series.find((one) => text(one, TAG.SeriesInstanceUID) === uid);
    if (number(row, TAG.NumberOfSeriesRelatedInstances, 0) > LONG) await preview(uid, signal);
    await attempt(
      () => api.metadata(route.source, study.uid, uid, signal),
      ({ rows, status, warnings }) => {
        const instances = rows.map(readInstance);
        const partial = status === 206 || warnings.length > 0;
        const warning = partial ? (warnings[0] ?? strings.withheld.some) : '';
        store.dispatch({
          type: 'series/answered',
          uid,
          stacks: stacksOf(instances.filter(({ pixel }) => pixel)),
          warning,
        });
      },
      (fault) => store.dispatch({ type: 'series/failed', uid, fault }),
    );
  }

  return {
    /** @param {Filters} filters */
    search: (filters) => find(filters, 0),
    more: () => find(store.get().find.filters, store.get().find.rows.length),
    openStudy,
    openSeries,
    /** Loads what the route asks for and is not there yet. */
    follow() {
      const { route, find: found, study, viewports, active } = store.get();
      if (!route.study)
        return found.status === 'idle' || found.status === 'failed' ? find(found.filters, 0) : undefined;
      if (study.uid !== route.study || study.status === 'failed') return openStudy(route.study);
      const shown = viewports[active].series;
      const failed = store.get().series[shown]?.status === 'failed';
      if (route.series && (route.series !== shown || failed)) return openSeries(route.series);
      return failed ? openSeries(shown) : undefined;
    },
  };
}

/** @typedef {ReturnType<typeof createLibrary>} Library */
