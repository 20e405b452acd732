import assert from 'node:assert/strict';
import { test } from 'node:test';

import { corners, short, studyWords, yearOf } from '../../viewer/core/corner.js';
import { readInstance } from '../../viewer/core/instance.js';
import { strings } from '../../viewer/strings.js';
import { dataset, grayImage } from './build.js';

const instance = readInstance(
  grayImage({
    '00080020': '20240101',
    '00081030': 'CT ABDOMEN',
    '00100010': { Alphabetic: 'CASE^4711' },
    '00100020': 'TF-1',
    '00100040': 'F',
    '00101010': '007Y',
    '00180050': 3,
    '00280301': 'YES',
    '00200032': [0, 0, 12.25],
    '00200037': [1, 0, 0, 0, 1, 0],
  }),
);
const now = {
  slice: { instance, frame: 1 },
  index: 4,
  count: 60,
  zoom: 1.346,
  voi: null,
  inverted: false,
  frame: null,
};

test('the corners say who, what, where and how', () => {
  const window = { center: -600, width: 1500, fn: 'LINEAR' };
  assert.deepEqual(corners({ ...now, voi: { kind: 'window', window }, inverted: true }, strings), {
    topLeft: ['CASE 4711', 'TF-1', 'F · 7y'],
    topRight: ['CT ABDOMEN · 2024', 'CT'],
    bottomLeft: ['Text is burned in', 'Loc 12.3 · Thk 3', 'Im 5/60'],
    bottomRight: ['inverted', 'W 1500 · L -600', 'Zoom 135 %'],
  });
});

test('what the image does not say leaves no empty line', () => {
  const bare = { instance: readInstance(dataset({ '00280010': 1, '00280011': 1 })), frame: 1 };
  const { topLeft, topRight, bottomLeft } = corners({ ...now, slice: bare }, strings);
  assert.deepEqual([topLeft, topRight, bottomLeft], [[], [], ['Im 5/60']]);
});

test('numbers are as short as they can be', () => {
  assert.deepEqual([1500, -600, 40.04, 2.25, 0.00312, 0].map(short), ['1500', '-600', '40', '2.3', '0.003', '0']);
});

test('a study row is read with what it has', () => {
  const row = dataset({ '00100010': { Alphabetic: 'A^B' }, '00080061': ['CT', 'SR'], '00080020': '20200101' });
  assert.deepEqual(studyWords(row), { name: 'A B', id: '', description: '', year: '2020', modalities: ['CT', 'SR'] });
  assert.deepEqual([studyWords(null).name, yearOf('')], ['', '']);
});
