/** The gateway's Warning about withheld members, in plain words. */

/**
 * Splits "2 instances are withheld: burned-in-annotation, malformed" into its sentence and its reasons.
 *
 * @param {string} warning @param {Record<string, string>} words reason code to plain words
 * @returns {{title: string, reason: string}} a code without words is shown as it is
 */
export function withheldWords(warning, words) {
  const colon = warning.indexOf(': ');
  if (colon < 0) return { title: warning, reason: '' };
  const reasons = warning
    .slice(colon + 2)
    .split(', ')
    .map((code) => words[code] ?? code);
  const reason = reasons.join('; ');
  return { title: warning.slice(0, colon), reason: reason.charAt(0).toUpperCase() + reason.slice(1) };
}
