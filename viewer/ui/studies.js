/**
 * The list of studies: a table on a desk, cards on a phone.
 *
 * @import {State} from '../core/state.js'
 * @import {Dataset, Source} from '../core/types.js'
 */

import { studyWords } from '../core/corner.js';
import { TAG, number, text } from '../core/dicomjson.js';
import { formatRoute } from '../core/route.js';
import { strings } from '../strings.js';
import { faultPanel, modalityChips } from './badge.js';
import { attribute, changes, h, icon, setText } from './dom.js';

/** @param {Dataset} row @param {Source} source @returns {HTMLElement} */
function studyRow(row, source) {
  const { name, id, description, year, modalities } = studyWords(row);
  const href = formatRoute({ source, study: text(row, TAG.StudyInstanceUID) });
  const images = number(row, TAG.NumberOfStudyRelatedInstances, 0);
  const patient = name || id || strings.study.nameless;
  const link = h('a', {
    href,
    'aria-label': strings.find.open([patient, description].filter(Boolean).join(', ')),
    text: patient,
  });
  return h(
    'tr',
    {},
    h('td', { class: 'patient' }, link, name && id ? h('span', { class: 'id', text: id }) : null),
    h('td', { class: 'description', text: description || strings.study.untitled }),
    h('td', { class: 'modality' }, modalityChips(modalities)),
    h('td', { class: 'year', text: year }),
    h(
      'td',
      { class: 'images' },
      ...(images
        ? [
            h('span', { class: 'wide', text: String(images) }),
            h('span', { class: 'narrow', text: strings.study.images(images) }),
          ]
        : []),
    ),
  );
}

/** @returns {HTMLElement} rows that are not there yet */
function skeleton() {
  return h('div', { class: 'skeleton', 'aria-hidden': 'true' }, ...Array.from({ length: 8 }, () => h('div', {})));
}

/**
 * @param {{more: () => void, retry: () => void}} actions
 * @returns {{element: HTMLElement, update: (state: State) => void}}
 */
export function createStudyList({ more, retry }) {
  const changed = changes();
  const count = h('p', { class: 'count', role: 'status' });
  const body = h('tbody', {});
  const heads = Object.entries(strings.column).map(([name, label]) =>
    h('th', { scope: 'col', class: name, text: label }),
  );
  const table = h('table', { class: 'studies' }, h('thead', {}, h('tr', {}, ...heads)), body);
  const under = h('div', { class: 'under' });
  const next = h('button', { class: 'button', type: 'button', text: strings.find.more, on: { click: more } });
  const element = h('section', { class: 'found' }, count, table, under);

  /** @param {State} state @returns {Node[]} */
  function below({ find, route }) {
    if (find.status === 'loading') return find.rows.length ? [] : [skeleton()];
    if (find.fault) return [faultPanel(find.fault, retry)];
    if (find.rows.length) return find.more ? [next] : [];
    if (find.status !== 'ready') return [];
    const bare = route.source === 'teaching' && Object.values(find.filters).every((value) => !value);
    const hint = bare ? strings.find.noneTeaching : strings.find.noneHint;
    return [
      h(
        'div',
        { class: 'nothing' },
        icon('empty'),
        h('p', { text: strings.find.none }),
        h('p', { class: 'hint', text: hint }),
      ),
    ];
  }

  return {
    element,
    update(state) {
      const { find, route } = state;
      if (!changed('find', find)) return;
      if (changed('rows', find.rows)) {
        // Rows that stay keep their elements, so that focus and scroll position survive "load more".
        const kept = find.rows.length > body.childElementCount && body.childElementCount > 0 && find.status === 'ready';
        const from = kept ? body.childElementCount : 0;
        if (!kept) body.replaceChildren();
        body.append(...find.rows.slice(from).map((row) => studyRow(row, route.source)));
      }
      table.hidden = find.rows.length === 0;
      attribute(element, 'aria-busy', find.status === 'loading' && 'true');
      const found = find.rows.length ? strings.find.found(find.rows.length, find.more) : '';
      setText(
        count,
        find.status === 'loading' ? strings.find.searching : [found, find.note].filter(Boolean).join(' · '),
      );
      under.replaceChildren(...below(state));
    },
  };
}
