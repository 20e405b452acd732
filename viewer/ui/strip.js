/**
 * The series of the open study, and the stacks of a series that has several.
 *
 * @import {State} from '../core/state.js'
 * @import {Dataset, Stack} from '../core/types.js'
 * @import {Thumbs} from './thumbs.js'
 */

import { NO_IMAGES, TAG, number, text } from '../core/dicomjson.js';
import { strings } from '../strings.js';
import { attribute, changes, h, icon } from './dom.js';

/** @param {Element} box @param {string} reason puts the yellow banner over a thumbnail */
export function markWithheld(box, reason) {
  box.classList.add('withheld');
  attribute(box, 'title', reason);
  const words = h('span', { class: 'visually-hidden', text: ` ${reason}` });
  box.replaceChildren(
    h('span', { class: 'ribbon' }, icon('warning'), h('span', { text: strings.withheld.title }), words),
  );
}

/**
 * @param {{thumbs: Thumbs, open: (series: string, stack: number) => void}} options
 * @returns {{element: HTMLElement, update: (state: State) => void}}
 */
export function createStrip({ thumbs, open }) {
  const changed = changes();
  const element = h('nav', { class: 'strip', 'aria-label': strings.study.series });

  /** @param {string} series @param {number} stack @param {string} label @param {string} count @param {string} chip */
  function tile(series, stack, label, count, chip) {
    const box = h('span', { class: 'thumb' }, icon('empty'));
    const caption = h('span', { class: 'caption', text: label });
    const marks = [
      chip && h('span', { class: 'chip', text: chip }),
      count && h('span', { class: 'number', text: count }),
    ];
    const button = h(
      'button',
      {
        class: 'tile',
        type: 'button',
        'data-series': series,
        'data-stack': stack,
        on: { click: () => open(series, stack) },
      },
      h('span', { class: 'frame' }, box, ...marks),
      caption,
    );
    return { button, box };
  }

  /** @param {Dataset} row @param {State} state @returns {HTMLElement} */
  function seriesItem(row, { route, study, series }) {
    const uid = text(row, TAG.SeriesInstanceUID);
    const name = text(row, TAG.SeriesDescription) || strings.study.seriesLabel(text(row, TAG.SeriesNumber));
    const images = number(row, TAG.NumberOfSeriesRelatedInstances, 0);
    const { button, box } = tile(uid, 0, name, images ? String(images) : '', text(row, TAG.Modality));
    attribute(button, 'title', images ? `${name} · ${strings.study.images(images)}` : name);
    if (NO_IMAGES.has(text(row, TAG.Modality))) {
      button.classList.add('plain');
      box.replaceChildren(icon('document'));
    } else {
      thumbs.watch(box, { source: route.source, study: study.uid, series: uid, instance: '' });
    }
    const stacks = series[uid]?.stacks ?? [];
    return h('li', {}, button, stacks.length > 1 ? stackList(uid, stacks, route.source, study.uid) : null);
  }

  /**
   * @param {string} uid
   * @param {Stack[]} stacks
   * @param {import('../core/types.js').Source} source
   * @param {string} study
   */
  function stackList(uid, stacks, source, study) {
    const items = stacks.map(({ slices, multiframe }, at) => {
      const label = multiframe ? strings.study.loop(at + 1, slices.length) : strings.study.stills(slices.length);
      const { button, box } = tile(uid, at, label, String(slices.length), '');
      thumbs.watch(box, { source, study, series: uid, instance: slices[0].instance.uid });
      return h('li', {}, button);
    });
    return h('ul', { class: 'stacks' }, ...items);
  }

  /** @param {State} state */
  function mark({ viewports, active, series }) {
    const { series: shown, stack } = viewports[active];
    for (const button of element.querySelectorAll('.tile')) {
      const inner = button.closest('.stacks') !== null;
      const several = (series[shown]?.stacks.length ?? 0) > 1;
      const mine = button.getAttribute('data-series') === shown;
      const here = mine && (inner ? Number(button.getAttribute('data-stack')) === stack : !several || !inner);
      attribute(button, 'aria-current', here && 'true');
      if (here) button.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
  }

  return {
    element,
    update(state) {
      const { study, series, viewports, active } = state;
      const several = study.series
        .map((row) => text(row, TAG.SeriesInstanceUID))
        .filter((uid) => (series[uid]?.stacks.length ?? 0) > 1)
        .join();
      const [rows, grown] = [changed('rows', study.series), changed('several', several)];
      const back = changed('signedOut', state.signedOut) && !state.signedOut;
      if (rows || grown || back) {
        thumbs.clear();
        element.replaceChildren(h('ul', {}, ...study.series.map((row) => seriesItem(row, state))));
        if (!study.series.length && study.status === 'ready')
          element.append(h('p', { class: 'hint', text: strings.study.noSeries }));
      }
      const { series: shown, stack } = viewports[active];
      if (changed('shown', `${shown}/${stack}`) || rows || grown || back) mark(state);
    },
  };
}
