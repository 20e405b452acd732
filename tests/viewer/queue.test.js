import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createCache } from '../../viewer/core/cache.js';
import { createQueue } from '../../viewer/core/queue.js';

/** A queue whose jobs end when the test says so. */
function fixture(concurrency) {
  const jobs = new Map();
  const log = { started: [], done: [], failed: [], aborted: [] };
  const queue = createQueue({
    concurrency,
    run: (key, signal) => {
      log.started.push(key);
      signal.addEventListener('abort', () => log.aborted.push(key));
      return new Promise((resolve, reject) => jobs.set(key, { resolve, reject }));
    },
    done: (key, value) => log.done.push([key, value]),
    failed: (key) => log.failed.push(key),
  });
  const settle = async (key, how = 'resolve') => {
    jobs.get(key)[how](`<${key}>`);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, log, settle };
}

test('the most wanted start first, the others as places come free', async () => {
  const { queue, log, settle } = fixture(2);
  queue.want(['a', 'b', 'c']);
  assert.deepEqual(log.started, ['a', 'b']);
  await settle('b');
  assert.deepEqual(log.started, ['a', 'b', 'c']);
  assert.deepEqual(log.done, [['b', '<b>']]);
});

test('what is wanted no longer is aborted and reported to nobody', async () => {
  const { queue, log, settle } = fixture(2);
  queue.want(['a', 'b', 'c']);
  queue.want(['x', 'b']);
  assert.deepEqual(log.aborted, ['a']);
  assert.deepEqual(log.started, ['a', 'b', 'x']);
  await settle('a');
  assert.deepEqual(log.done, []);
  assert.equal(queue.running, 2);
});

test('the image in view takes the place of the least wanted', () => {
  const { queue, log } = fixture(2);
  queue.want(['a', 'b', 'c']);
  queue.want(['c', 'a', 'b']);
  assert.deepEqual(log.aborted, ['b']);
  assert.deepEqual(log.started, ['a', 'b', 'c']);
});

test('an aborted job may start again and only its second run counts', async () => {
  const { queue, log, settle } = fixture(1);
  queue.want(['a']);
  queue.want(['b']);
  queue.want(['a']);
  assert.deepEqual(log.started, ['a', 'b', 'a']);
  await settle('a');
  assert.deepEqual(log.done, [['a', '<a>']]);
});

test('a failure is reported once and frees its place', async () => {
  const { queue, log, settle } = fixture(1);
  queue.want(['a', 'b']);
  await settle('a', 'reject');
  assert.deepEqual([log.failed, log.started], [['a'], ['a', 'b']]);
});

test('the cache drops what was not used for longest, and says so', () => {
  const dropped = [];
  const cache = createCache(10, (value) => dropped.push(value.name));
  for (const name of ['a', 'b', 'c']) cache.set(name, { name, bytes: 4 });
  assert.deepEqual([dropped, cache.size], [['a'], 8]);
  cache.get('b');
  cache.set('d', { name: 'd', bytes: 4 });
  assert.deepEqual([dropped, cache.has('b'), cache.has('c')], [['a', 'c'], true, false]);
  cache.set('huge', { name: 'huge', bytes: 100 });
  assert.deepEqual([cache.has('huge'), cache.size], [true, 100]);
  cache.set('huge', { name: 'again', bytes: 1 });
  assert.equal(cache.size, 1);
  cache.clear();
  assert.equal(cache.size, 0);
});
