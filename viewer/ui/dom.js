/** Building and updating the page without markup in strings: nothing a server sends is ever parsed as HTML. */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {string} tag
 * @param {Record<string, any>} [props] `class`, `text`, `on` (event name to listener); the rest are attributes,
 *   where true means present and false, null and undefined mean absent
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  const { class: classes, text, on, ...attributes } = props;
  if (classes) element.className = classes;
  if (text !== undefined) element.textContent = text;
  for (const [name, listener] of Object.entries(on ?? {})) element.addEventListener(name, listener);
  for (const [name, value] of Object.entries(attributes)) attribute(element, name, value);
  element.append(
    .../** @type {(Node|string)[]} */ (
      children.filter((child) => child !== null && child !== undefined && child !== false)
    ),
  );
  return element;
}

/** @param {Element} element @param {string} name @param {string|number|boolean|null|undefined} value */
export function attribute(element, name, value) {
  const wanted = value === true ? '' : value === false || value === null || value === undefined ? null : String(value);
  if (wanted === element.getAttribute(name)) return;
  if (wanted === null) element.removeAttribute(name);
  else element.setAttribute(name, wanted);
}

/** @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} name a symbol of icons.svg @returns {SVGSVGElement} decoration: its meaning stands beside it */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** @param {SVGSVGElement} svg @param {string} name */
export function setIcon(svg, name) {
  const use = svg.firstElementChild;
  if (use) attribute(use, 'href', `icons.svg#${name}`);
}

/**
 * Remembers values by name and tells whether one is new, so that a view touches only what changed.
 *
 * @returns {(name: string, value: unknown) => boolean}
 */
export function changes() {
  const last = new Map();
  return (name, value) => {
    if (last.has(name) && Object.is(last.get(name), value)) return false;
    last.set(name, value);
    return true;
  };
}
