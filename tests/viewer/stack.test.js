import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readInstance } from '../../viewer/core/instance.js';
import { fetchOrder, stacksOf } from '../../viewer/core/stack.js';
import { grayImage } from './build.js';

const AXIAL = [1, 0, 0, 0, 1, 0];
const image = (number, more = {}) =>
  readInstance(grayImage({ '00080018': `1.${number}`, '00200013': number, ...more }));
const slice = (number, z, plane = AXIAL) => image(number, { '00200037': plane, '00200032': [0, 0, z] });
const numbers = (stack) => stack.slices.map(({ instance }) => instance.number);

test('parallel slices are ordered by place, in the direction of their numbers', () => {
  assert.deepEqual(numbers(stacksOf([slice(3, 20), slice(1, 40), slice(2, 0)])[0]), [1, 3, 2]);
  assert.deepEqual(numbers(stacksOf([slice(3, 40), slice(1, 0), slice(2, 20)])[0]), [1, 2, 3]);
});

test('slices at one place twice, in other planes or without a place are ordered by number', () => {
  assert.deepEqual(numbers(stacksOf([slice(2, 0), slice(3, 10), slice(1, 10)])[0]), [1, 2, 3]);
  assert.deepEqual(numbers(stacksOf([slice(2, 0), slice(1, 10, [0, 1, 0, 0, 0, 1])])[0]), [1, 2]);
  assert.deepEqual(numbers(stacksOf([image(9), image(4)])[0]), [4, 9]);
});

test('a multi-frame image is a stack of its own', () => {
  const stacks = stacksOf([image(5), image(2, { '00280008': 3 }), image(7), image(6, { '00280008': '2' })]);
  assert.deepEqual(
    stacks.map(({ multiframe, slices }) => [multiframe, slices.length]),
    [
      [true, 3],
      [false, 2],
      [true, 2],
    ],
  );
  assert.deepEqual(
    stacks[0].slices.map(({ frame }) => frame),
    [1, 2, 3],
  );
});

test('fetching starts here, runs ahead and covers everything once', () => {
  assert.deepEqual(fetchOrder(5, 100, 1, 6), [5, 6, 7, 4, 8, 9]);
  assert.deepEqual(fetchOrder(5, 100, -1, 4), [5, 4, 3, 6]);
  for (const [index, direction] of [
    [0, 1],
    [9, 1],
    [0, -1],
    [4, -1],
  ]) {
    assert.deepEqual(
      fetchOrder(index, 10, direction, 50).sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  }
  assert.deepEqual(fetchOrder(0, 1, 1, 8), [0]);
});
