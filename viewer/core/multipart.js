/** A `multipart/related` body (RFC 2046 §5.1) that is wholly in memory. */

const CRLF = [13, 10];

/** Raised when the body is not what its Content-Type says, or ends before its closing delimiter. */
export class MultipartError extends Error {}

/** @param {string} contentType @returns {string} the boundary parameter, '' when it is no multipart type */
export function boundaryOf(contentType) {
  if (!/^\s*multipart\//i.test(contentType)) return '';
  const found = /;\s*boundary=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))/i.exec(contentType);
  return found ? (found[1] ?? found[2]).replace(/\\(.)/g, '$1') : '';
}

/**
 * @param {Uint8Array} bytes
 * @param {number[]|Uint8Array} wanted
 * @param {number} from
 * @returns {number} -1 when absent
 */
function find(bytes, wanted, from) {
  for (let at = bytes.indexOf(wanted[0], from); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    let matched = 1;
    while (matched < wanted.length && bytes[at + matched] === wanted[matched]) matched += 1;
    if (matched === wanted.length) return at;
  }
  return -1;
}

/** @param {Uint8Array} bytes @param {Uint8Array} delimiter @param {number} from @returns {number} -1 when absent */
function findDelimiter(bytes, delimiter, from) {
  for (let at = find(bytes, delimiter, from); at >= 0; at = find(bytes, delimiter, at + 1)) {
    const next = bytes[at + delimiter.length];
    // A longer boundary may begin like ours; after ours come a line end, padding or the closing dashes.
    if (next === 13 || next === 32 || next === 9 || next === 45) return at;
  }
  return -1;
}

/** @param {string} block @returns {Map<string, string>} header names in lower case */
function headersOf(block) {
  const headers = new Map();
  for (const line of block.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}

/**
 * Splits a body into its parts. Each `body` is a copy that starts at offset 0, so that 16-bit views fit on it.
 *
 * @param {string} contentType @param {Uint8Array} bytes
 * @returns {{headers: Map<string, string>, body: Uint8Array}[]}
 * @throws {MultipartError} no boundary, no closing delimiter, or a part without its blank line
 */
export function parseMultipart(contentType, bytes) {
  const boundary = boundaryOf(contentType);
  if (!boundary) throw new MultipartError('no boundary');
  const opening = new TextEncoder().encode(`--${boundary}`);
  const delimiter = new Uint8Array([...CRLF, ...opening]);
  const parts = [];
  let at = find(bytes, opening, 0);
  if (at < 0) throw new MultipartError('no part');
  at += opening.length;
  while (!(bytes[at] === 45 && bytes[at + 1] === 45)) {
    const lineEnd = find(bytes, CRLF, at);
    const blank = find(bytes, [...CRLF, ...CRLF], lineEnd);
    const end = blank < 0 ? -1 : findDelimiter(bytes, delimiter, blank + 2);
    if (lineEnd < 0 || end < 0) throw new MultipartError('truncated');
    const head = new TextDecoder().decode(bytes.subarray(lineEnd + 2, blank));
    parts.push({ headers: headersOf(head), body: bytes.slice(Math.min(blank + 4, end), end) });
    at = end + delimiter.length;
    if (at + 1 >= bytes.length) throw new MultipartError('truncated');
  }
  return parts;
}
