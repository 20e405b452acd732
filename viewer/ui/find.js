/**
 * The first screen: where to look, the search form, the studies found.
 *
 * @import {State} from '../core/state.js'
 * @import {Filter, Filters} from '../core/query.js'
 * @import {Source} from '../core/types.js'
 */

import { FILTERS } from '../core/query.js';
import { formatRoute } from '../core/route.js';
import { strings } from '../strings.js';
import { sourceBadge } from './badge.js';
import { attribute, changes, h, icon } from './dom.js';
import { createStudyList } from './studies.js';

const MODALITIES = ['CR', 'CT', 'DX', 'ES', 'MG', 'MR', 'NM', 'OT', 'PT', 'RF', 'SC', 'SR', 'US', 'XA', 'XC'];

/** @param {Source} current @returns {HTMLElement} */
function sourceSwitch(current) {
  const links = /** @type {Source[]} */ (['pacs', 'teaching']).map((source) =>
    h('a', {
      href: formatRoute({ source }),
      'aria-current': source === current && 'page',
      text: strings.source[source],
    }),
  );
  return h('nav', { class: 'switch', 'aria-label': strings.source.label }, ...links);
}

/** @param {Filter} name @param {string} value @returns {HTMLElement} the field with its label */
function field(name, value) {
  const id = `filter-${name}`;
  const label = h('label', { for: id, text: strings.filter[name] });
  if (name === 'ModalitiesInStudy') {
    const options = MODALITIES.map((one) => h('option', { value: one, selected: one === value, text: one }));
    const any = h('option', { value: '', text: strings.find.any });
    return h('div', { class: 'field' }, label, h('select', { id, name }, any, ...options));
  }
  const type = name === 'from' || name === 'to' ? 'date' : 'text';
  const input = h('input', { id, name, type, value, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' });
  return h('div', { class: 'field' }, label, input);
}

/**
 * @param {{search: (filters: Filters) => void, more: () => void, retry: () => void, help: () => void}} actions
 * @returns {{element: HTMLElement, update: (state: State) => void}}
 */
export function createFind({ search, more, retry, help }) {
  const changed = changes();
  const head = h('header', { class: 'bar' });
  const title = h('h1', {});
  const form = /** @type {HTMLFormElement} */ (h('form', { class: 'search', role: 'search', on: { submit, reset } }));
  const list = createStudyList({ more, retry });
  const element = h('div', { class: 'screen find' }, head, h('main', { class: 'page' }, title, form, list.element));

  /** @returns {Filters} */
  function filters() {
    return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    search(filters());
  }

  /** A browser empties the fields after this event, so the search starts from no filters at all. */
  function reset() {
    search({});
  }

  /** @param {Source} source @param {Filters} values */
  function build(source, values) {
    const [first, ...rest] = FILTERS[source].map((name) => field(name, values[name] ?? ''));
    const toggle = h(
      'button',
      {
        class: 'button quiet only-narrow',
        type: 'button',
        'aria-expanded': 'false',
        'aria-controls': 'more-filters',
        on: { click: unfold },
      },
      icon('filter'),
      h('span', { text: strings.find.filters }),
    );
    function unfold() {
      const open = form.classList.toggle('unfolded');
      attribute(toggle, 'aria-expanded', String(open));
    }
    form.replaceChildren(
      first,
      h('div', { class: 'more-filters', id: 'more-filters' }, ...rest),
      h(
        'div',
        { class: 'search-actions' },
        toggle,
        h('button', { class: 'button quiet', type: 'reset', text: strings.find.clear }),
        h(
          'button',
          { class: 'button primary', type: 'submit' },
          icon('search'),
          h('span', { text: strings.find.submit }),
        ),
      ),
    );
  }

  return {
    element,
    update(state) {
      const { source } = state.route;
      if (changed('source', source)) {
        const mark = h(
          'span',
          { class: 'brand' },
          icon('mark'),
          h('span', { class: 'brand-name', text: strings.brand }),
        );
        const keys = h(
          'button',
          {
            class: 'button quiet icon-only',
            type: 'button',
            'aria-label': strings.tool.help,
            title: strings.tool.help,
            on: { click: help },
          },
          icon('help'),
        );
        head.replaceChildren(mark, sourceSwitch(source), sourceBadge(source), keys);
        title.textContent = source === 'teaching' ? strings.find.titleTeaching : strings.find.title;
        build(source, state.find.filters);
      }
      list.update(state);
    },
  };
}
