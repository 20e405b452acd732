/**
 * Small marks that several views share.
 *
 * @import {Source} from '../core/types.js'
 * @import {Fault} from '../core/state.js'
 */

import { strings } from '../strings.js';
import { h, icon } from './dom.js';

/** @param {Source} source @returns {HTMLElement} what the reader looks at: the in-house view or the archive */
export function sourceBadge(source) {
  const [label, why] =
    source === 'teaching'
      ? [strings.badge.teaching, strings.badge.teachingWhy]
      : [strings.badge.pacs, strings.badge.pacsWhy];
  return h(
    'p',
    { class: `badge badge-${source}`, title: why },
    icon(source === 'teaching' ? 'shield' : 'lock'),
    h('span', { text: label }),
  );
}

/** @param {string[]} modalities @returns {HTMLElement} */
export function modalityChips(modalities) {
  return h('span', { class: 'chips' }, ...modalities.map((modality) => h('span', { class: 'chip', text: modality })));
}

/** @param {string} title @param {string} [reason] @returns {HTMLElement} the yellow banner: colour, icon and words */
export function withheldBanner(title, reason = '') {
  return h(
    'div',
    { class: 'banner' },
    icon('warning'),
    h('div', {}, h('strong', { text: title }), reason ? h('p', { text: reason }) : null),
  );
}

/**
 * @param {Fault} fault @param {() => void} retry
 * @returns {HTMLElement} one clear message, with the way on
 */
export function faultPanel(fault, retry) {
  // The sign-in dialog covers the page and says it already.
  if (fault.kind === 'signed-out') return h('div', {});
  if (fault.kind === 'withheld') return withheldBanner(strings.withheld.title, fault.text);
  return h(
    'div',
    { class: 'fault', role: 'alert' },
    icon('warning'),
    h('p', { text: fault.text }),
    h('button', { class: 'button', type: 'button', text: strings.stage.retry, on: { click: retry } }),
  );
}
