import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decodeFrame } from '../../viewer/core/decode.js';
import { readInstance } from '../../viewer/core/instance.js';
import { levels, modalityOf, ownVoi, spanWindow, storedValue, voiValue, windowsOf } from '../../viewer/core/voi.js';
import { base64, dataset, grayImage, words } from './build.js';

const PIXEL = { stored: 12, high: 11, signed: false, padding: null };

test('LINEAR follows the formula of PS3.3 C.11.2.1.2', () => {
  const value = voiValue({ kind: 'window', window: { center: 2048, width: 4096, fn: 'LINEAR' } });
  assert.equal(value(0), 0);
  assert.equal(value(4095), 1);
  assert.ok(Math.abs(value(2047.5) - 0.5) < 1e-12);
  const narrow = voiValue({ kind: 'window', window: { center: 100, width: 1, fn: 'LINEAR' } });
  assert.deepEqual([99, 99.5, 99.6, 100].map(narrow), [0, 0, 1, 1]);
});

test('LINEAR_EXACT and SIGMOID follow C.11.2.1.3', () => {
  const exact = voiValue({ kind: 'window', window: { center: 10, width: 20, fn: 'LINEAR_EXACT' } });
  assert.deepEqual([0, 5, 10, 20, 21].map(exact), [0, 0.25, 0.5, 1, 1]);
  const sigmoid = voiValue({ kind: 'window', window: { center: 10, width: 20, fn: 'SIGMOID' } });
  assert.equal(sigmoid(10), 0.5);
  assert.ok(sigmoid(0) > 0 && sigmoid(0) < 0.2);
});

test('samples are signed, shifted and freed of overlay bits as the header says', () => {
  assert.equal(storedValue({ stored: 16, high: 15, signed: true })(0xffff), -1);
  assert.equal(storedValue({ stored: 12, high: 11, signed: true })(0x0800), -2048);
  assert.equal(storedValue({ stored: 12, high: 11, signed: false })(0xf123), 0x123);
  assert.equal(storedValue({ stored: 12, high: 15, signed: false })(0xabc5), 0xabc);
  assert.equal(storedValue({ stored: 8, high: 7, signed: false })(200), 200);
  assert.equal(storedValue({ stored: 32, high: 31, signed: false })(0xffffffff), 4294967295);
});

test('rescale comes before the window, inversion last', () => {
  const voi = { kind: 'window', window: { center: 40, width: 400, fn: 'LINEAR' } };
  const modality = { slope: 2, intercept: -1024, lut: null };
  const level = levels(PIXEL, modality, voi, false);
  assert.equal(level(400), 0);
  assert.equal(level(4000), 255);
  const x = 2 * 520 - 1024;
  assert.ok(Math.abs(level(520) - ((x - 39.5) / 399 + 0.5) * 255) < 1e-9);
  assert.ok(Math.abs(levels(PIXEL, modality, voi, true)(520) - (255 - level(520))) < 1e-9);
});

test('windows pair up; widths of nothing are left out, fractions are exact', () => {
  const image = readInstance(
    grayImage({ '00281050': [40, '-600', 5], '00281051': [400, '1500', 0], '00281055': ['SOFT', 'LUNG'] }),
  );
  assert.deepEqual(windowsOf(image, 1), [
    { center: 40, width: 400, fn: 'LINEAR', label: 'SOFT' },
    { center: -600, width: 1500, fn: 'LINEAR', label: 'LUNG' },
  ]);
  const normal = readInstance(grayImage({ '00281050': 0.5, '00281051': 0.5 }));
  assert.equal(windowsOf(normal, 1)[0].fn, 'LINEAR_EXACT');
});

test('an enhanced image has its window and rescale per frame, or shared', () => {
  const frame = (center) => dataset({ '00289132': dataset({ '00281050': center, '00281051': 10 }) });
  const image = readInstance(
    grayImage({
      '00280008': 2,
      52009229: dataset({ '00289145': dataset({ '00281052': -5, '00281053': 3 }) }),
      52009230: [frame(100), frame(200)],
    }),
  );
  assert.equal(windowsOf(image, 1)[0].center, 100);
  assert.equal(windowsOf(image, 2)[0].center, 200);
  assert.deepEqual(modalityOf(image, 2), { slope: 3, intercept: -5, lut: null });
});

test('without a window the frame is shown from its lowest to its highest value', () => {
  const image = readInstance(grayImage({ '00281052': -10, '00281053': 1 }));
  assert.equal(ownVoi(image, 1), null);
  const frame = decodeFrame(words(10, 20, 30, 110), image.pixel, null);
  assert.deepEqual(spanWindow(frame, modalityOf(image, 1)), { center: 50, width: 100, fn: 'LINEAR_EXACT' });
});

test('an image of 8 bits without a window is shown as it is; a flat one does not vanish', () => {
  const bytes = readInstance(grayImage({ '00280100': 8, '00280101': 8, '00280102': 7 }));
  const frame = decodeFrame(Uint8Array.of(10, 20, 30, 40), bytes.pixel, null);
  assert.deepEqual(spanWindow(frame, modalityOf(bytes, 1)), { center: 127.5, width: 255, fn: 'LINEAR_EXACT' });
  const flat = readInstance(grayImage());
  assert.equal(spanWindow(decodeFrame(words(7, 7, 7, 7), flat.pixel, null), modalityOf(flat, 1)).width, 1);
});

test('padding is black, inverted or not, and no part of the range', () => {
  const image = readInstance(
    grayImage({ '00280103': 1, '00280101': 16, '00280102': 15, '00280120': 63536, '00280121': -1990 }),
  );
  assert.deepEqual(image.pixel.padding, [-2000, -1990]);
  const raw = (value) => value & 0xffff;
  const frame = decodeFrame(words(raw(-2000), raw(-1995), 0, 100), image.pixel, null);
  const modality = modalityOf(image, 1);
  const window = spanWindow(frame, modality);
  assert.deepEqual(window, { center: 50, width: 100, fn: 'LINEAR_EXACT' });
  const level = levels(image.pixel, modality, { kind: 'window', window }, true);
  assert.deepEqual([raw(-2000), raw(-1990), raw(-1989), 0, 100].map(level), [0, 0, 255, 255, 0]);
  assert.equal(readInstance(grayImage({ '00280120': 5000 })).pixel.padding, null);
});

test('MONOCHROME1 is inverse, MONOCHROME2 when its presentation shape says so', () => {
  const inverse = (more) => readInstance(grayImage(more)).pixel.inverse;
  assert.deepEqual(
    [inverse({}), inverse({ '00280004': 'MONOCHROME1' }), inverse({ 20500020: 'INVERSE' })],
    [false, true, true],
  );
});

test('a modality LUT goes before the VOI; a window is chosen before a VOI LUT', () => {
  const table = (descriptor, entries) => ({
    ...dataset({ '00283002': descriptor }),
    '00283006': { vr: 'OW', InlineBinary: base64(words(...entries)) },
  });
  const image = readInstance(
    grayImage({
      '00283000': table([3, 5, 16], [100, 200, 300]),
      '00283010': table([3, 100, 8], [0, 51, 255]),
    }),
  );
  const voi = ownVoi(image, 1);
  assert.equal(voi.kind, 'lut');
  const modality = modalityOf(image, 1);
  const level = levels(image.pixel, modality, voi, false);
  assert.deepEqual([0, 5, 6, 7, 9].map(level), [0, 0, 255, 255, 255]);
  assert.equal(voiValue(voi)(101), 0.2);
  Object.assign(image.dataset, dataset({ '00281050': 1, '00281051': 2 }));
  assert.equal(ownVoi(image, 1).kind, 'window');
});
