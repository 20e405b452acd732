/**
 * The keyboard on the study screen. Single letters count only while the image has the focus (WCAG 2.1.4).
 *
 * @import {Commands} from '../control/commands.js'
 */

/** @type {Record<string, (commands: Commands) => void>} */
const MOVES = {
  ArrowUp: (commands) => commands.arrow(0, -1),
  ArrowDown: (commands) => commands.arrow(0, 1),
  ArrowLeft: (commands) => commands.arrow(-1, 0),
  ArrowRight: (commands) => commands.arrow(1, 0),
  PageUp: (commands) => commands.scroll(-10),
  PageDown: (commands) => commands.scroll(10),
  Home: (commands) => commands.jump(0),
  End: (commands) => commands.jump(Infinity),
};

/** @type {Record<string, (commands: Commands) => void>} */
const LETTERS = {
  s: (commands) => commands.choose('scroll'),
  w: (commands) => commands.choose('window'),
  z: (commands) => commands.choose('zoom'),
  p: (commands) => commands.choose('pan'),
  f: (commands) => commands.fit(),
  1: (commands) => commands.actual(),
  i: (commands) => commands.invert(),
  t: (commands) => commands.rotate(),
  m: (commands) => commands.flip(),
  o: (commands) => commands.words(),
  r: (commands) => commands.reset(),
  ' ': (commands) => commands.play(),
  '+': (commands) => commands.zoom(1.25),
  '=': (commands) => commands.zoom(1.25),
  '-': (commands) => commands.zoom(0.8),
};

/** @param {HTMLElement} screen @param {Commands} commands @param {() => void} help */
export function listenToKeys(screen, commands, help) {
  screen.addEventListener('keydown', (event) => {
    const target = /** @type {Element} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const onStage = target.closest('.stage') !== null;
    if (!onStage && !target.closest('.rail')) return;
    const letter = event.key.length === 1 ? event.key.toLowerCase() : '';
    const act = MOVES[event.key] ?? (onStage ? LETTERS[letter] : undefined);
    if (!act && !(onStage && letter === '?')) return;
    event.preventDefault();
    if (act) act(commands);
    else help();
  });
}
