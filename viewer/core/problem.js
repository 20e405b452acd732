/** What went wrong, as the gateway says it (RFC 9457), and what it left out (Warning, RFC 7234 §5.5). */

/**
 * @typedef {'signed-out'|'forbidden'|'withheld'|'missing'|'unacceptable'|'busy'|'network'|'broken'|'failed'}
 *   ProblemKind
 */

/** An answer that is no success. `message` is the gateway's own sentence, safe to show. */
export class Problem extends Error {
  /**
   * @param {ProblemKind} kind
   * @param {string} detail
   * @param {{status?: number, title?: string, reason?: string}} [more]
   */
  constructor(kind, detail, { status = 0, title = '', reason = '' } = {}) {
    super(detail);
    this.kind = kind;
    this.status = status;
    this.title = title;
    this.reason = reason;
  }
}

/** @param {number} status @param {any} body @returns {ProblemKind} */
function kindOf(status, body) {
  if (status === 401) return 'signed-out';
  if (status === 403) return /withheld$/i.test(String(body?.type ?? '')) || body?.reason ? 'withheld' : 'forbidden';
  if (status === 404 || status === 410) return 'missing';
  if (status === 406 || status === 415) return 'unacceptable';
  return status === 503 || status === 429 ? 'busy' : 'failed';
}

/**
 * @param {number} status @param {string} body as received; anything but problem+json is not shown
 * @param {string} fallback the sentence when the body has none @returns {Problem}
 */
export function problemOf(status, body, fallback) {
  /** @type {any} */
  let parsed = null;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = null;
  }
  const detail = typeof parsed?.detail === 'string' && parsed.detail ? parsed.detail : fallback;
  const title = typeof parsed?.title === 'string' ? parsed.title : '';
  const reason = typeof parsed?.reason === 'string' ? parsed.reason : '';
  return new Problem(kindOf(status, parsed), detail, { status, title, reason });
}

/**
 * @param {string|null} header a Warning header, possibly of several values
 * @returns {string[]} the texts with code 299
 */
export function warningTexts(header) {
  return [...(header ?? '').matchAll(/299\s+\S+\s+"((?:[^"\\]|\\.)*)"/g)].map(([, quoted]) =>
    quoted.replace(/\\(.)/g, '$1'),
  );
}
