import assert from 'node:assert/strict';
import { test } from 'node:test';

import { INITIAL, reduce, stackOf } from '../../viewer/core/state.js';
import { createStore } from '../../viewer/core/store.js';

const run = (state, ...actions) => actions.reduce(reduce, state);
const stack = (length, fps = 0) => ({
  id: '1',
  multiframe: false,
  slices: Array.from({ length }, () => ({ instance: { fps }, frame: 1 })),
});
const opened = run(
  INITIAL,
  { type: 'route/changed', route: { source: 'pacs', study: '1.2', series: '' } },
  { type: 'study/started', uid: '1.2', row: null },
  { type: 'series/answered', uid: '1.2.3', stacks: [stack(10), stack(1, 24.4)], warning: '' },
  { type: 'viewport/opened', series: '1.2.3', stack: 0 },
);

test('an unlisted action is an error', () => {
  assert.throws(() => reduce(INITIAL, { type: 'viewport/exploded' }), TypeError);
});

test('a state is never changed in place', () => {
  const frozen = (value) => {
    if (value && typeof value === 'object') Object.values(Object.freeze(value)).forEach(frozen);
    return value;
  };
  run(
    frozen(structuredClone(opened)),
    { type: 'viewport/scrolled', by: 3 },
    { type: 'viewport/inverted' },
    { type: 'cine/toggled' },
  );
});

test('scrolling stops at both ends and remembers its direction', () => {
  const down = run(opened, { type: 'viewport/scrolled', by: 4 }, { type: 'viewport/scrolled', by: 100 });
  assert.deepEqual([down.viewports[0].index, down.viewports[0].direction], [9, 1]);
  const upwards = run(down, { type: 'viewport/jumped', to: 2 });
  assert.deepEqual([upwards.viewports[0].index, upwards.viewports[0].direction], [2, -1]);
  assert.equal(run(upwards, { type: 'viewport/jumped', to: -5 }).viewports[0].index, 0);
  assert.equal(run(down, { type: 'viewport/scrolled', by: 1 }), down);
});

test('another study empties the stage, another series of the same study does not', () => {
  const same = run(opened, { type: 'route/changed', route: { source: 'pacs', study: '1.2', series: '1.2.3' } });
  assert.equal(stackOf(same).slices.length, 10);
  const other = run(opened, { type: 'route/changed', route: { source: 'pacs', study: '1.9', series: '' } });
  assert.equal(stackOf(other), null);
  assert.deepEqual(other.series, {});
  const archive = run(opened, { type: 'route/changed', route: { source: 'teaching', study: '1.2', series: '' } });
  assert.deepEqual([archive.study.uid, archive.find.rows.length], ['', 0]);
});

test('a preview stays in view when the rest of its series arrives', () => {
  const slice = (uid) => ({ instance: { uid, fps: 0 }, frame: 1 });
  const one = { id: 'b', multiframe: false, slices: [slice('b')] };
  const all = { id: 'a', multiframe: false, slices: [slice('a'), slice('b'), slice('c')] };
  const started = run(
    INITIAL,
    { type: 'viewport/opened', series: '1.9', stack: 0 },
    { type: 'series/started', uid: '1.9' },
  );
  const shown = run(started, { type: 'series/previewed', uid: '1.9', stacks: [one] }, { type: 'viewport/inverted' });
  assert.equal(stackOf(shown).slices.length, 1);
  const whole = run(shown, { type: 'series/answered', uid: '1.9', stacks: [all], warning: '' });
  assert.deepEqual(
    [whole.viewports[0].index, whole.viewports[0].invert, whole.series['1.9'].status],
    [1, true, 'ready'],
  );
  assert.equal(run(whole, { type: 'series/previewed', uid: '1.9', stacks: [one] }), whole);
});

test('search results grow page by page and start anew with offset 0', () => {
  const first = run(
    INITIAL,
    { type: 'find/started', filters: { PatientName: 'a' }, offset: 0 },
    { type: 'find/answered', rows: [{}, {}], more: true },
  );
  const second = run(
    first,
    { type: 'find/started', filters: first.find.filters, offset: 2 },
    { type: 'find/answered', rows: [{}], more: false },
  );
  assert.deepEqual([second.find.rows.length, second.find.more, second.find.status], [3, false, 'ready']);
  const failed = run(
    second,
    { type: 'find/started', filters: {}, offset: 0 },
    { type: 'find/failed', fault: { text: 'x', kind: 'failed' } },
  );
  assert.deepEqual([failed.find.rows.length, failed.find.status], [0, 'failed']);
});

test('going to the archive forgets what was searched for in the PACS', () => {
  const found = run(
    INITIAL,
    { type: 'find/started', filters: { PatientName: 'a' }, offset: 0 },
    { type: 'find/answered', rows: [{}], more: false },
  );
  const archive = run(found, { type: 'route/changed', route: { source: 'teaching', study: '', series: '' } });
  assert.deepEqual(archive.find.filters, {});
});

test('cine goes round, only where there is something to go round', () => {
  const last = run(
    opened,
    { type: 'viewport/jumped', to: 9 },
    { type: 'cine/toggled' },
    { type: 'cine/ticked', at: 0 },
  );
  assert.deepEqual([last.viewports[0].index, last.viewports[0].cine.playing], [0, true]);
  const single = run(opened, { type: 'viewport/opened', series: '1.2.3', stack: 1 }, { type: 'cine/toggled' });
  assert.deepEqual(single.viewports[0].cine, { playing: false, fps: 24 });
});

test('reset brings back how the image wants to be seen', () => {
  const changed = run(
    opened,
    { type: 'viewport/windowed', voi: { center: 1, width: 2, fn: 'LINEAR' } },
    { type: 'viewport/inverted' },
    { type: 'viewport/moved', view: { zoom: 3, x: 1, y: 1, rotation: 90, flip: true } },
    { type: 'viewport/scrolled', by: 2 },
  );
  const { voi, invert, view, index } = run(changed, { type: 'viewport/reset' }).viewports[0];
  assert.deepEqual(
    { voi, invert, zoom: view.zoom, rotation: view.rotation, index },
    { voi: null, invert: false, zoom: 1, rotation: 0, index: 2 },
  );
});

test('the store tells its listeners of changes only', () => {
  const store = createStore(INITIAL, reduce);
  const seen = [];
  const stop = store.subscribe((state, before) => seen.push([state.tool, before.tool]));
  store.dispatch({ type: 'tool/chosen', tool: 'pan' });
  store.dispatch({ type: 'viewport/scrolled', by: 1 });
  stop();
  store.dispatch({ type: 'tool/chosen', tool: 'zoom' });
  assert.deepEqual(seen, [['pan', 'scroll']]);
});
