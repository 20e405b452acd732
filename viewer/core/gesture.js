/** What fingers and mouse mean. Pure: positions in, commands out; the page's events are read elsewhere. */

/** @typedef {'scroll'|'window'|'zoom'|'pan'} Tool */

/**
 * @typedef {{kind: 'scroll', pixels: number} | {kind: 'window', dx: number, dy: number}
 *   | {kind: 'pan', dx: number, dy: number} | {kind: 'zoom', factor: number, x: number, y: number}} Command
 * @typedef {{id: number, x: number, y: number, button?: number}} Pointer  `button` as in a PointerEvent, when it goes down
 * @typedef {{points: Map<number, {x: number, y: number}>, tool: Tool, origin: {x: number, y: number}}} Hand
 */

/** @type {Hand} */
export const IDLE = { points: new Map(), tool: 'scroll', origin: { x: 0, y: 0 } };

/** @param {number} button @param {Tool} tool the one chosen for the primary button @returns {Tool} */
function toolOf(button, tool) {
  return button === 1 ? 'pan' : button === 2 ? 'window' : tool;
}

/** @param {Hand} hand @param {Pointer} pointer @param {Tool} tool @returns {Hand} */
export function down(hand, { id, x, y, button = 0 }, tool) {
  const points = new Map(hand.points).set(id, { x, y });
  return { points, tool: toolOf(button, tool), origin: { x, y } };
}

/** @param {Hand} hand @param {number} id @returns {Hand} */
export function up(hand, id) {
  const points = new Map(hand.points);
  points.delete(id);
  return { ...hand, points };
}

/** @param {Iterable<{x: number, y: number}>} points two of them */
function pinch(points) {
  const [a, b] = [...points];
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) };
}

/** @param {Hand} hand @param {Pointer} pointer @returns {{hand: Hand, commands: Command[]}} */
export function move(hand, { id, x, y }) {
  const before = hand.points.get(id);
  if (!before) return { hand, commands: [] };
  const points = new Map(hand.points).set(id, { x, y });
  const next = { ...hand, points };
  if (points.size === 2) {
    const [was, is] = [pinch(hand.points.values()), pinch(points.values())];
    const factor = was.apart > 0 ? is.apart / was.apart : 1;
    return {
      hand: next,
      commands: [
        { kind: 'pan', dx: is.x - was.x, dy: is.y - was.y },
        { kind: 'zoom', factor, x: is.x, y: is.y },
      ],
    };
  }
  if (points.size > 2) return { hand: next, commands: [] };
  return { hand: next, commands: [dragged(hand, x - before.x, y - before.y)] };
}

/** @param {Hand} hand @param {number} dx @param {number} dy @returns {Command} */
function dragged({ tool, origin }, dx, dy) {
  if (tool === 'scroll') return { kind: 'scroll', pixels: dy };
  if (tool === 'zoom') return { kind: 'zoom', factor: Math.exp(-dy / 150), x: origin.x, y: origin.y };
  return { kind: tool, dx, dy };
}

/**
 * Turns small movements into whole steps and keeps the rest for later.
 *
 * @param {number} rest @param {number} amount in steps
 * @returns {{steps: number, rest: number}}
 */
export function stepped(rest, amount) {
  const total = (Math.sign(rest) * Math.sign(amount) < 0 ? 0 : rest) + amount;
  const steps = Math.trunc(total) || 0;
  return { steps, rest: total - steps };
}

/** @typedef {{deltaY: number, deltaMode: number}} Wheel */

/** @param {Wheel} event @returns {number} pixels, whatever the browser counts in */
export function wheelPixels({ deltaY, deltaMode }) {
  return deltaMode === 1 ? deltaY * 33 : deltaMode === 2 ? deltaY * 400 : deltaY;
}

/**
 * @param {Wheel} event
 * @returns {number} images: one for each notch of a wheel, fractions for the fine steps of a touch pad
 */
export function wheelImages(event) {
  const pixels = wheelPixels(event);
  return Math.abs(pixels) >= 80 ? Math.sign(pixels) * Math.max(1, Math.floor(Math.abs(pixels) / 100)) : pixels / 40;
}
