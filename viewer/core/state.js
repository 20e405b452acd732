/**
 * The whole state of the viewer and the only function that changes it. Pure: an action in, a new state out.
 * Pixels are not in it; they live in the frame store, under the keys of slices.
 *
 * @import {Dataset, Source, Stack, View, VoiWindow} from './types.js'
 * @import {Filters} from './query.js'
 * @import {Route} from './route.js'
 * @import {Tool} from './gesture.js'
 */

import { FIT } from './view.js';

/** @typedef {{text: string, kind: string, reason?: string}} Fault  what to tell the reader; `kind` of a Problem */
/** @typedef {'idle'|'loading'|'ready'|'failed'} Status */

/**
 * @typedef {{filters: Filters, rows: Dataset[], status: Status, more: boolean, note: string, fault: Fault|null}} Find
 * @typedef {{uid: string, row: Dataset|null, series: Dataset[], status: Status, fault: Fault|null}} Study
 * @typedef {{status: Status, stacks: Stack[], warning: string, fault: Fault|null}} Series
 * @typedef {{playing: boolean, fps: number}} Cine
 * @typedef {object} Viewport
 * @property {string} series   Series Instance UID, '' while empty
 * @property {number} stack    index among the series' stacks
 * @property {number} index    index of the slice
 * @property {1|-1} direction  of the last step
 * @property {VoiWindow|null} voi  null: as the image asks
 * @property {boolean} invert
 * @property {View} view
 * @property {Cine} cine
 * @typedef {object} State
 * @property {boolean} signedOut
 * @property {Route} route
 * @property {Find} find
 * @property {Study} study
 * @property {Record<string, Series>} series  by Series Instance UID, of the open study
 * @property {Viewport[]} viewports
 * @property {number} active   index of the viewport that tools act on
 * @property {Tool} tool
 * @property {boolean} words  whether the corners of the stage show their words
 */

/** @type {Find} */
const EMPTY_FIND = { filters: {}, rows: [], status: 'idle', more: false, note: '', fault: null };

/** @type {Study} */
const NO_STUDY = { uid: '', row: null, series: [], status: 'idle', fault: null };

/** @type {Viewport} */
const EMPTY_VIEWPORT = {
  series: '',
  stack: 0,
  index: 0,
  direction: 1,
  voi: null,
  invert: false,
  view: FIT,
  cine: { playing: false, fps: 15 },
};

/** @type {State} */
export const INITIAL = Object.freeze({
  signedOut: false,
  route: { source: /** @type {Source} */ ('pacs'), study: '', series: '' },
  find: EMPTY_FIND,
  study: NO_STUDY,
  series: {},
  viewports: [EMPTY_VIEWPORT],
  active: 0,
  tool: /** @type {Tool} */ ('scroll'),
  words: true,
});

/** @param {State} state @param {number} at @returns {Stack|null} the stack a viewport shows */
export function stackOf(state, at = state.active) {
  const viewport = state.viewports[at];
  return state.series[viewport.series]?.stacks[viewport.stack] ?? null;
}

/** @param {State} state @param {Partial<Viewport>} change @param {number} [at] @returns {State} */
function withViewport(state, change, at = state.active) {
  return {
    ...state,
    viewports: state.viewports.map((viewport, i) => (i === at ? { ...viewport, ...change } : viewport)),
  };
}

/** @param {State} state @param {string} uid @param {Partial<Series>} change @returns {State} */
function withSeries(state, uid, change) {
  const before = state.series[uid] ?? { status: 'idle', stacks: [], warning: '', fault: null };
  return { ...state, series: { ...state.series, [uid]: { ...before, ...change } } };
}

/** @param {State} state @param {Viewport} viewport @param {number} wanted @returns {State} an index within the stack */
function scrolledTo(state, viewport, wanted) {
  const last = (stackOf(state)?.slices.length ?? 1) - 1;
  const index = Math.min(Math.max(wanted, 0), last);
  if (index === viewport.index) return state;
  return withViewport(state, { index, direction: index > viewport.index ? 1 : -1 });
}

/** @param {Stack|undefined} stack @returns {Cine} at rest, at the speed the images ask for */
function cineOf(stack) {
  return { playing: false, fps: Math.round(stack?.slices[0]?.instance.fps || EMPTY_VIEWPORT.cine.fps) };
}

/**
 * Viewports of a series whose stacks are known now. One that showed a preview stays at that image.
 *
 * @param {State} state before @param {string} uid @param {Stack[]} stacks @returns {Viewport[]}
 */
function resettled(state, uid, stacks) {
  return state.viewports.map((viewport, at) => {
    if (viewport.series !== uid) return viewport;
    const shown = stackOf(state, at)?.slices[viewport.index]?.instance.uid;
    const holds = (/** @type {Stack} */ { slices }) => slices.findIndex(({ instance }) => instance.uid === shown);
    const stack = shown ? stacks.findIndex((one) => holds(one) >= 0) : -1;
    if (stack < 0) return { ...viewport, index: 0, cine: cineOf(stacks[viewport.stack]) };
    return { ...viewport, stack, index: holds(stacks[stack]), cine: cineOf(stacks[stack]) };
  });
}

/** @type {Record<string, (state: State, action: any) => State>} one entry per action; the key is its `type` */
const ON = {
  'session/lost': (state) => ({ ...state, signedOut: true }),
  'session/found': (state) => ({ ...state, signedOut: false }),

  'route/changed': (state, { route }) => {
    const find = route.source === state.route.source ? state.find : EMPTY_FIND;
    if (route.study === state.study.uid && route.source === state.route.source) return { ...state, route, find };
    return { ...state, route, find, study: NO_STUDY, series: {}, viewports: [EMPTY_VIEWPORT], active: 0 };
  },

  'find/started': (state, { filters, offset }) => {
    const rows = offset > 0 ? state.find.rows : [];
    return { ...state, find: { ...state.find, filters, rows, status: 'loading', fault: null, more: false } };
  },
  'find/answered': (state, { rows, more, note }) => ({
    ...state,
    find: { ...state.find, rows: [...state.find.rows, ...rows], more, note, status: 'ready' },
  }),
  'find/failed': (state, { fault }) => ({ ...state, find: { ...state.find, status: 'failed', fault } }),

  'study/started': (state, { uid, row }) => ({ ...state, study: { ...NO_STUDY, uid, row, status: 'loading' } }),
  'study/answered': (state, { row, series }) => ({ ...state, study: { ...state.study, row, series, status: 'ready' } }),
  'study/failed': (state, { fault }) => ({ ...state, study: { ...state.study, status: 'failed', fault } }),

  'series/started': (state, { uid }) => withSeries(state, uid, { status: 'loading', fault: null }),
  'series/previewed': (state, { uid, stacks }) =>
    state.series[uid]?.status === 'loading' ? withSeries(state, uid, { stacks }) : state,
  'series/answered': (state, { uid, stacks, warning }) =>
    withSeries({ ...state, viewports: resettled(state, uid, stacks) }, uid, { status: 'ready', stacks, warning }),
  'series/failed': (state, { uid, fault }) => withSeries(state, uid, { status: 'failed', fault }),

  'viewport/opened': (state, { series, stack }) => {
    const cine = cineOf(state.series[series]?.stacks[stack]);
    return withViewport(state, { ...EMPTY_VIEWPORT, series, stack, cine });
  },
  'viewport/scrolled': (state, { by }) => {
    const viewport = state.viewports[state.active];
    return scrolledTo(state, viewport, viewport.index + by);
  },
  'viewport/jumped': (state, { to }) => scrolledTo(state, state.viewports[state.active], to),
  'viewport/windowed': (state, { voi }) => withViewport(state, { voi }),
  'viewport/inverted': (state) => withViewport(state, { invert: !state.viewports[state.active].invert }),
  'viewport/moved': (state, { view }) => withViewport(state, { view }),
  'viewport/reset': (state) => withViewport(state, { view: FIT, voi: null, invert: false }),

  'cine/toggled': (state) => {
    const { cine } = state.viewports[state.active];
    const runs = (stackOf(state)?.slices.length ?? 0) > 1;
    return withViewport(state, { cine: { ...cine, playing: runs && !cine.playing } });
  },
  'cine/stopped': (state) => withViewport(state, { cine: { ...state.viewports[state.active].cine, playing: false } }),
  'cine/speed': (state, { fps }) => withViewport(state, { cine: { ...state.viewports[state.active].cine, fps } }),
  'cine/ticked': (state, { at }) => {
    const length = stackOf(state, at)?.slices.length ?? 1;
    return withViewport(state, { index: (state.viewports[at].index + 1) % length, direction: 1 }, at);
  },

  'tool/chosen': (state, { tool }) => ({ ...state, tool }),
  'words/toggled': (state) => ({ ...state, words: !state.words }),
};

/**
 * @param {State} state @param {{type: string, [field: string]: any}} action @returns {State}
 * @throws {TypeError} for an action that is not in the table
 */
export function reduce(state, action) {
  const change = ON[action.type];
  if (!change) throw new TypeError(`unknown action ${action.type}`);
  return change(state, action);
}
