/** Small data sets in the DICOM JSON Model, for the tests. */

/** @param {Record<string, any>} values tag to a value or an array of values */
export function dataset(values) {
  return Object.fromEntries(
    Object.entries(values).map(([tag, value]) => [tag, { vr: 'UN', Value: Array.isArray(value) ? value : [value] }]),
  );
}

/** @param {Record<string, any>} [more] overrides by tag */
export function grayImage(more = {}) {
  return dataset({
    '00080018': '1.2.3',
    '00080060': 'CT',
    '00280002': 1,
    '00280004': 'MONOCHROME2',
    '00280010': 2,
    '00280011': 2,
    '00280100': 16,
    '00280101': 12,
    '00280102': 11,
    '00280103': 0,
    ...more,
  });
}

/** @param {number[]} words @returns {Uint8Array} little-endian 16-bit samples */
export function words(...words) {
  return new Uint8Array(Uint16Array.from(words).buffer);
}

/** @param {Uint8Array} bytes @returns {string} */
export function base64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}
