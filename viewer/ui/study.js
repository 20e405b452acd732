/**
 * The second screen: one study, its series and the image.
 *
 * @import {Store} from '../control/library.js'
 * @import {Viewing} from '../control/viewing.js'
 * @import {Commands} from '../control/commands.js'
 * @import {Api} from '../net/api.js'
 */

import { studyWords } from '../core/corner.js';
import { formatRoute } from '../core/route.js';
import { strings } from '../strings.js';
import { sourceBadge } from './badge.js';
import { changes, h, icon } from './dom.js';
import { listenToKeys } from './keys.js';
import { createStrip, markWithheld } from './strip.js';
import { createThumbs } from './thumbs.js';
import { createToolbar } from './toolbar.js';
import { createViewport } from './viewport.js';

/**
 * @typedef {object} Parts
 * @property {Store} store
 * @property {Api} api
 * @property {Viewing} viewing
 * @property {Commands} commands
 * @property {(series: string, stack: number) => void} open
 * @property {() => void} reopen
 * @property {() => void} repaint
 * @property {() => void} help
 */

/** @param {Parts} parts */
export function createStudy({ store, api, viewing, commands, open, reopen, repaint, help }) {
  const changed = changes();
  const thumbs = createThumbs({ api, withheld: markWithheld });
  const strip = createStrip({ thumbs, open });
  const toolbar = createToolbar({ commands, viewing, help });
  const viewport = createViewport({ store, viewing, commands, at: 0, repaint, reopen });
  const head = h('header', { class: 'bar' });
  const element = h(
    'div',
    { class: 'screen study' },
    head,
    h('main', { class: 'work' }, strip.element, toolbar.element, viewport.element),
  );
  listenToKeys(element, commands, help);
  // A mouse leaves the focus on the image, so that its keys work; a keyboard keeps it where it is.
  element.addEventListener('click', ({ target, detail }) => {
    if (detail > 0 && target instanceof Element && target.closest('.tool, .tile'))
      viewport.stage.focus({ preventScroll: true });
  });

  function updateHead() {
    const { study, route } = store.get();
    const { name, id, description, year } = studyWords(study.row);
    const title = description || (study.status === 'loading' ? strings.study.loading : strings.study.untitled);
    document.title = `${title} – ${strings.brand}`;
    head.replaceChildren(
      h(
        'a',
        {
          class: 'button quiet icon-only',
          href: formatRoute({ source: route.source }),
          'aria-label': strings.study.back,
          title: strings.study.back,
        },
        icon('back'),
      ),
      h(
        'div',
        { class: 'who' },
        h('h1', { text: title }),
        h('p', { text: [name || id, year].filter(Boolean).join(' · ') }),
      ),
      sourceBadge(route.source),
    );
  }

  return {
    element,
    /** Called when the screen comes into view. */
    shown: () => viewport.stage.focus({ preventScroll: true }),
    update() {
      const state = store.get();
      if (
        changed('row', state.study.row) ||
        changed('status', state.study.status) ||
        changed('source', state.route.source)
      )
        updateHead();
      strip.update(state);
      viewport.update();
      if (['ready', 'failed'].includes(viewport.element.dataset.status ?? '')) thumbs.release();
      toolbar.update(state);
    },
  };
}
