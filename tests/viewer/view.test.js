import assert from 'node:assert/strict';
import { test } from 'node:test';

import { edgesOf, letters, opposite, scaleBar } from '../../viewer/core/geometry.js';
import { aspectOf, readInstance, spacingOf } from '../../viewer/core/instance.js';
import { FIT, fitScale, flipped, matrixOf, panned, rotated, snapped, zoomed } from '../../viewer/core/view.js';
import { dataset, grayImage } from './build.js';

const IMAGE = { columns: 100, rows: 50, aspect: 1 };
const STAGE = { width: 400, height: 400 };
const apply = ([a, b, c, d, e, f], x, y) =>
  [a * x + c * y + e, b * x + d * y + f].map((value) => Math.round(value * 1e6) / 1e6);

test('fit puts the whole image into the middle, also turned and with pixels that are not square', () => {
  assert.deepEqual(apply(matrixOf(IMAGE, STAGE, FIT), 0, 0), [0, 100]);
  assert.deepEqual(apply(matrixOf(IMAGE, STAGE, FIT), 100, 50), [400, 300]);
  const turned = matrixOf(IMAGE, STAGE, rotated(FIT, 90));
  assert.deepEqual(apply(turned, 0, 0), [300, 0]);
  assert.deepEqual(apply(turned, 100, 0), [300, 400]);
  assert.equal(fitScale({ ...IMAGE, aspect: 4 }, STAGE, FIT), 2);
});

test('zooming keeps the point under the finger where it is', () => {
  const fit = fitScale(IMAGE, STAGE, FIT);
  const before = panned(FIT, 30, -20, fit);
  const point = { x: 60, y: 45 };
  const after = zoomed(before, 2.5, point, fit);
  const under = (view) => {
    const [a, , , d, e, f] = matrixOf(IMAGE, STAGE, view);
    return [(200 + point.x - e) / a, (200 + point.y - f) / d].map((value) => Math.round(value * 1e6));
  };
  assert.deepEqual(under(after), under(before));
  assert.equal(zoomed(FIT, 1e9, point, fit).zoom, 32);
});

test('mirroring twice and turning four times lead back', () => {
  const start = { zoom: 2, x: 3, y: 4, rotation: 90, flip: false };
  assert.deepEqual(flipped(flipped(start)), start);
  assert.deepEqual(
    [1, 2, 3, 4].reduce((view) => rotated(view, 90), start),
    { ...start, x: 3, y: 4 },
  );
  assert.deepEqual(rotated(rotated(start, 90), -90), start);
});

test('mirroring swaps left and right as seen, whatever the rotation', () => {
  for (const rotation of [0, 90, 180, 270]) {
    const view = { ...FIT, rotation };
    const [x, y] = apply(matrixOf(IMAGE, STAGE, view), 10, 20);
    assert.deepEqual(apply(matrixOf(IMAGE, STAGE, flipped(view)), 10, 20), [400 - x, y]);
  }
});

test('one pixel to one pixel is snapped to whole offsets, other scales are not', () => {
  assert.deepEqual(snapped([1, 0, 0, 1, 10.4, 7.6]), [1, 0, 0, 1, 10, 8]);
  assert.deepEqual(snapped([1.5, 0, 0, 1.5, 10.4, 7.6]), [1.5, 0, 0, 1.5, 10.4, 7.6]);
});

test('directions are named by the patient, turned with the view', () => {
  const axial = { instance: readInstance(grayImage({ '00200037': [1, 0, 0, 0, 1, 0] })), frame: 1 };
  assert.deepEqual(edgesOf(axial, FIT), { top: 'A', right: 'L', bottom: 'P', left: 'R' });
  assert.deepEqual(edgesOf(axial, rotated(FIT, 90)), { top: 'R', right: 'A', bottom: 'L', left: 'P' });
  assert.deepEqual(edgesOf(axial, flipped(FIT)), { top: 'A', right: 'R', bottom: 'P', left: 'L' });
  const plain = { instance: readInstance(grayImage({ '00200020': ['A', 'F'] })), frame: 1 };
  assert.equal(edgesOf(plain, FIT).left, 'P');
  assert.equal(edgesOf({ instance: readInstance(grayImage()), frame: 1 }, FIT), null);
  assert.equal(letters([0.8, 0, -0.6]), 'LF');
  assert.equal(opposite('LF'), 'RH');
});

test('spacing comes from the pixels, else the ultrasound region, else the detector, else the aspect ratio', () => {
  const spacing = (more) => spacingOf(readInstance(grayImage(more)), 1);
  assert.deepEqual(spacing({ '00280030': [0.5, 0.7], '00181164': [1, 1] }), { rows: 0.5, columns: 0.7, unit: 'mm' });
  const region = dataset({ '00186024': 3, '0018602C': 0.05, '0018602E': 0.04 });
  assert.deepEqual(spacing({ '00186011': region }), { rows: 0.4, columns: 0.5, unit: 'mm' });
  assert.equal(spacing({ '00186011': [region, region] }), null);
  assert.deepEqual(spacing({ '00181164': [0.1, 0.1] }), { rows: 0.1, columns: 0.1, unit: 'detector' });
  assert.deepEqual(spacing({ '00280034': [4, 3] }), { rows: 4, columns: 3, unit: '' });
  assert.equal(spacing({}), null);
});

test('the scale bar has a round length', () => {
  assert.deepEqual(scaleBar(0.5, 800), { millimetres: 100, pixels: 200 });
  assert.deepEqual(scaleBar(0.1, 390).millimetres, 5);
});

test('oblong pixels are stretched, rounding and nonsense are not', () => {
  const aspect = (more) => aspectOf(readInstance(grayImage(more)), 1);
  assert.equal(aspect({ '00280034': [4, 3] }), 4 / 3);
  assert.deepEqual([aspect({ '00280030': [0.5, 0.501] }), aspect({ '00280034': [50, 1] }), aspect({})], [1, 1, 1]);
});
