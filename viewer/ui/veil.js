/**
 * What covers the stage while there is no image: progress, a fault, the yellow banner, or a hint.
 *
 * @import {Series, Study, Viewport} from '../core/state.js'
 * @import {Viewing} from '../control/viewing.js'
 */

import { TAG, text } from '../core/dicomjson.js';
import { withheldWords } from '../core/withheld.js';
import { strings } from '../strings.js';
import { faultPanel, withheldBanner } from './badge.js';
import { attribute, changes, h, icon } from './dom.js';

/**
 * @typedef {{now: ReturnType<Viewing['current']>, series: Series|undefined, viewport: Viewport, study: Study}} Shown
 */

/** @param {string} title @param {string} [hint] */
function message(title, hint = '') {
  return h(
    'div',
    { class: 'nothing' },
    icon('document'),
    h('p', { text: title }),
    hint ? h('p', { class: 'hint', text: hint }) : null,
  );
}

/** @param {{retry: () => void, reopen: () => void}} options `retry` the image, `reopen` the series or the study */
export function createVeil({ retry, reopen }) {
  const changed = changes();
  const fill = h('div', { class: 'progress-fill' });
  const progress = h(
    'div',
    {
      class: 'progress',
      role: 'progressbar',
      'aria-label': strings.stage.loading,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
    },
    fill,
  );
  const panel = h('div', { class: 'veil-panel' });
  const ribbon = h('div', { class: 'partial', role: 'status', hidden: true });
  const element = h('div', { class: 'veil' }, ribbon, panel, progress);

  /** @param {Shown} shown @returns {Node|null} what to say instead of an image */
  function panelOf({ now, series, viewport, study }) {
    if (study.fault) return faultPanel(study.fault, reopen);
    if (series?.fault) return faultPanel(series.fault, reopen);
    if (now?.shown.status === 'failed') {
      const { problem } = now.shown;
      if (problem.kind === 'withheld') return withheldBanner(strings.withheld.image, problem.message);
      return faultPanel({ text: problem.message, kind: problem.kind }, retry);
    }
    if (series?.status === 'ready' && !series.stacks.length) {
      const row = study.series.find((one) => text(one, TAG.SeriesInstanceUID) === viewport.series);
      return message(strings.stage.notImage, strings.stage.notImageHint(text(row, TAG.Modality)));
    }
    return !viewport.series && study.status === 'ready' ? message(strings.stage.empty) : null;
  }

  /** @param {Shown} shown @returns {number|null} how much has arrived, 0 to 1; null when nothing is on its way */
  function progressOf({ now, series, study }) {
    if (now?.shown.status === 'loading') return now.shown.progress;
    if (now && series?.status === 'ready') return now.shown.status === 'waiting' ? 0 : null;
    return study.status === 'loading' || series?.status === 'loading' ? 0 : null;
  }

  /** @param {Series|undefined} series tells of images that the server left out */
  function updateRibbon(series) {
    const told = series?.status === 'ready' ? series.warning : '';
    ribbon.hidden = !told;
    if (!told) return ribbon.replaceChildren();
    const { title, reason } = withheldWords(told, strings.reason);
    return ribbon.replaceChildren(withheldBanner(title, reason));
  }

  return {
    element,
    /** @param {Shown} shown */
    update(shown) {
      const problem = shown.now?.shown.status === 'failed' ? shown.now.shown.problem : null;
      const fault = shown.study.fault ?? shown.series?.fault ?? problem;
      const kind = [shown.viewport.series, shown.series?.status, shown.study.status, shown.now?.key].join('|');
      if (changed('fault', fault) || changed('kind', kind))
        panel.replaceChildren(...[panelOf(shown)].filter((node) => node !== null));
      if (changed('series', shown.series)) updateRibbon(shown.series);
      const arrived = fault ? null : progressOf(shown);
      progress.hidden = arrived === null;
      if (arrived === null || !changed('arrived', arrived)) return;
      attribute(progress, 'aria-valuenow', Math.round(arrived * 100));
      attribute(progress, 'data-unknown', arrived === 0);
      fill.style.transform = `scaleX(${arrived})`;
    },
  };
}
