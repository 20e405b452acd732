/**
 * Where the reader is, as the part of the URL that never leaves the browser. Search terms are not in it.
 *
 * @import {Source} from './types.js'
 */

/** @typedef {{source: Source, study: string, series: string}} Route  '' where nothing is chosen */

const UID = /^[0-9]+(\.[0-9]+)*$/;

/** @param {string|undefined} part @returns {string} a UID, else '' */
const uid = (part) => (part && part.length <= 64 && UID.test(part) ? part : '');

/** @param {string} hash @returns {Route} the nearest route; what is not understood is left out */
export function parseRoute(hash) {
  const [source, study, series] = hash.replace(/^#?\/?/, '').split('/');
  const known = uid(study);
  return { source: source === 'teaching' ? 'teaching' : 'pacs', study: known, series: known && uid(series) };
}

/** @param {Partial<Route>} route @returns {string} */
export function formatRoute({ source = 'pacs', study = '', series = '' }) {
  return `#/${[source, study, study && series].filter(Boolean).join('/')}`;
}
