/**
 * The search form as a QIDO-RS query (PS3.18 §8.3.4).
 *
 * @import {Source} from './types.js'
 */

/** @typedef {'PatientName'|'PatientID'|'AccessionNumber'|'StudyDescription'|'ModalitiesInStudy'|'from'|'to'} Filter */
/** @typedef {Partial<Record<Filter, string>>} Filters */

/** Filters by source: in the archive nobody can be looked up, and dates are years. @type {Record<Source, Filter[]>} */
export const FILTERS = {
  pacs: ['PatientName', 'PatientID', 'AccessionNumber', 'StudyDescription', 'ModalitiesInStudy', 'from', 'to'],
  teaching: ['StudyDescription', 'ModalitiesInStudy'],
};

export const PAGE = 50;

/**
 * What the reader typed, as the value to match; wildcards they wrote stay as they are.
 * @type {Partial<Record<Filter, (typed: string) => string>>}
 */
const VALUE = {
  PatientName: (typed) => (/[*?]/.test(typed) ? typed : `${typed.replace(/\s*,\s*/, '^')}*`),
  StudyDescription: (typed) => (/[*?]/.test(typed) ? typed : `*${typed}*`),
};

/** @param {string|undefined} from @param {string|undefined} to ISO dates @returns {string} a DICOM date range, or '' */
function range(from, to) {
  const compact = (/** @type {string|undefined} */ date) => (date ?? '').replaceAll('-', '');
  return from || to ? `${compact(from)}-${compact(to)}` : '';
}

/** @param {Source} source @param {Filters} filters @param {number} offset @returns {URLSearchParams} */
export function studyQuery(source, filters, offset) {
  const query = new URLSearchParams({ limit: String(PAGE), offset: String(offset) });
  for (const name of FILTERS[source]) {
    const value = (filters[name] ?? '').trim();
    if (!value || name === 'from' || name === 'to') continue;
    query.set(name, VALUE[name]?.(value) ?? value);
  }
  const dates = source === 'pacs' ? range(filters.from, filters.to) : '';
  if (dates) query.set('StudyDate', dates);
  query.set('includefield', 'StudyDescription');
  return query;
}
