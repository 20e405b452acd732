/** The composition root: makes the parts, wires them, shows the screen that the URL asks for. */

import { createCine } from './control/cine.js';
import { createCommands } from './control/commands.js';
import { createLibrary } from './control/library.js';
import { createViewing } from './control/viewing.js';
import { formatRoute, parseRoute } from './core/route.js';
import { INITIAL, reduce } from './core/state.js';
import { createStore } from './core/store.js';
import { createApi } from './net/api.js';
import { createFrames } from './net/frames.js';
import { createHelp, createSignIn } from './ui/dialogs.js';
import { createFind } from './ui/find.js';
import { createStudy } from './ui/study.js';
import { strings } from './strings.js';

const { deviceMemory = 0 } = /** @type {{deviceMemory?: number}} */ (navigator);

/** Decoded frames kept, in bytes: what a phone can spare, and more where there is more memory. */
const FRAME_BYTES = 2 ** 20 * (deviceMemory >= 8 ? 768 : 256);

const store = createStore(INITIAL, reduce);
const base = new URL(document.documentElement.dataset.gateway ?? './', document.baseURI);
const api = createApi({ base, signedOut: () => store.dispatch({ type: 'session/lost' }) });
const frames = createFrames({ api, limit: FRAME_BYTES, changed: repaint });
const viewing = createViewing({ store, frames });
const commands = createCommands({ store, viewing });
const library = createLibrary({ store, api });
const cine = createCine({ store, viewing });

const help = createHelp();
const signIn = createSignIn({
  signIn: api.signIn,
  done() {
    frames.clear();
    store.dispatch({ type: 'session/found' });
    library.follow();
  },
});
const find = createFind({
  search: library.search,
  more: library.more,
  retry: () => library.follow(),
  help: help.open,
});
const study = createStudy({
  store,
  api,
  viewing,
  commands,
  open: openSeries,
  reopen: () => library.follow(),
  repaint,
  help: help.open,
});

/** @param {string} series @param {number} stack */
function openSeries(series, stack) {
  const { route } = store.get();
  // The address follows without a step in the history: "back" leads to the list.
  history.replaceState(null, '', formatRoute({ ...route, series }));
  store.dispatch({ type: 'route/changed', route: { ...route, series } });
  library.openSeries(series, stack);
}

let due = false;

/** Brings the page up to date before the browser paints next, however much changed until then. */
function repaint() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    const state = store.get();
    const open = state.route.study !== '';
    const arrived = find.element.hidden !== open || study.element.hidden === open;
    find.element.hidden = open;
    study.element.hidden = !open;
    if (state.signedOut) signIn.open();
    if (open) {
      viewing.fetch();
      study.update();
    } else {
      find.update(state);
    }
    if (arrived && open) study.shown();
  });
}

function follow() {
  const route = parseRoute(location.hash);
  if (route.source !== store.get().route.source) frames.clear();
  store.dispatch({ type: 'route/changed', route });
  document.title = `${strings.source[route.source]} – ${strings.brand}`;
  library.follow();
}

store.subscribe(() => {
  cine.update();
  repaint();
});
addEventListener('hashchange', follow);
study.element.hidden = true;
document.body.append(find.element, study.element, help.element, signIn.element);
follow();
repaint();
