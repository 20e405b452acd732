/**
 * Tools and presets.
 *
 * @import {Commands} from '../control/commands.js'
 * @import {State} from '../core/state.js'
 * @import {Viewing} from '../control/viewing.js'
 * @import {Tool} from '../core/gesture.js'
 */

import { presetsFor } from '../core/presets.js';
import { windowsOf } from '../core/voi.js';
import { strings } from '../strings.js';
import { attribute, changes, h, icon, setIcon } from './dom.js';

const TOOLS = /** @type {Tool[]} */ (['scroll', 'window', 'zoom', 'pan']);
const SPEEDS = [1, 2, 4, 5, 8, 10, 12, 15, 20, 24, 25, 30, 40, 50, 60];

/** @param {string} name @param {() => void} act @param {string} [key] its letter */
function button(name, act, key = '') {
  const label = /** @type {Record<string, any>} */ (strings.tool)[name];
  return h(
    'button',
    {
      type: 'button',
      class: 'tool',
      'aria-label': label,
      title: key ? `${label} (${key})` : label,
      'data-tool': name,
      on: { click: act },
    },
    icon(name),
    h('span', { class: 'tool-label', 'aria-hidden': 'true', text: label }),
  );
}

/** @param {[value: string, label: string][]} pairs */
const options = (pairs) => pairs.map(([value, label]) => h('option', { value, text: label }));

/** @param {{commands: Commands, viewing: Viewing, help: () => void}} parts */
export function createToolbar({ commands, viewing, help }) {
  const changed = changes();
  const tools = TOOLS.map((tool) => button(tool, () => commands.choose(tool), tool[0].toUpperCase()));
  const preset = /** @type {HTMLSelectElement} */ (
    h('select', {
      class: 'preset',
      'aria-label': strings.tool.preset,
      title: strings.tool.preset,
      on: { change: () => commands.preset(preset.value) },
    })
  );
  const play = button('play', () => commands.play(), 'Space');
  const speed = /** @type {HTMLSelectElement} */ (
    h('select', {
      class: 'speed',
      'aria-label': strings.tool.speed,
      title: strings.tool.speed,
      on: { change: () => commands.speed(Number(speed.value)) },
    })
  );
  const cine = h('div', { class: 'tools', role: 'group' }, play, speed);
  const invert = button('invert', () => commands.invert(), 'I');
  const words = button('words', () => commands.words(), 'O');
  const element = h(
    'div',
    { class: 'toolbar', role: 'group', 'aria-label': strings.tool.bar },
    h('div', { class: 'tools', role: 'group', 'aria-label': strings.tool.label }, ...tools),
    h('div', { class: 'tools', role: 'group' }, preset, invert),
    cine,
    h(
      'div',
      { class: 'tools', role: 'group' },
      button('fit', () => commands.fit(), 'F'),
      button('actual', () => commands.actual(), '1'),
      button('rotate', () => commands.rotate(), 'T'),
      button('flip', () => commands.flip(), 'M'),
      button('reset', () => commands.reset(), 'R'),
      words,
      button('help', help, '?'),
    ),
  );

  /** @returns {[string, string][]} the presets for the image in view */
  function presets() {
    const now = commands.gray();
    if (!now) return [['own', strings.preset.own]];
    const { instance, frame } = now.slice;
    const own = windowsOf(instance, frame)
      .slice(1)
      .map(
        ({ label }, i) => /** @type {[string, string]} */ ([`image:${i + 1}`, label || strings.preset.window(i + 2)]),
      );
    const usual = presetsFor(instance.modality).map(
      ({ key }) => /** @type {[string, string]} */ ([key, /** @type {Record<string, any>} */ (strings.preset)[key]]),
    );
    return [
      ['own', strings.preset.own],
      ...own,
      ...usual,
      ['full', strings.preset.full],
      ['manual', strings.preset.manual],
    ];
  }

  /** @param {State} state */
  function updatePreset(state) {
    const pairs = presets();
    preset.disabled = pairs.length === 1;
    attribute(tools[TOOLS.indexOf('window')], 'aria-disabled', preset.disabled && 'true');
    if (changed('presets', pairs.flat().join('\n'))) preset.replaceChildren(...options(pairs));
    const { voi } = state.viewports[state.active];
    const value = voi ? voi.label || 'manual' : 'own';
    if (preset.value !== value) preset.value = value;
    const manual = preset.querySelector('[value=manual]');
    if (manual) attribute(manual, 'hidden', value !== 'manual');
  }

  return {
    element,
    /** @param {State} state */
    update(state) {
      const { cine: film, invert: inverted } = state.viewports[state.active];
      TOOLS.forEach((tool, i) => attribute(tools[i], 'aria-pressed', String(tool === state.tool)));
      attribute(invert, 'aria-pressed', String(inverted));
      attribute(words, 'aria-pressed', String(state.words));
      updatePreset(state);
      const runs = (viewing.current()?.stack.slices.length ?? 0) > 1;
      cine.hidden = !runs;
      if (changed('playing', film.playing)) {
        setIcon(/** @type {SVGSVGElement} */ (play.firstElementChild), film.playing ? 'pause' : 'play');
        attribute(play, 'aria-label', film.playing ? strings.tool.pause : strings.tool.play);
        attribute(play, 'aria-pressed', String(film.playing));
      }
      if (changed('fps', film.fps)) {
        const steps = [...new Set([...SPEEDS, film.fps])].sort((a, b) => a - b);
        speed.replaceChildren(...options(steps.map((step) => [String(step), `${step} fps`])));
        speed.value = String(film.fps);
      }
    },
  };
}
