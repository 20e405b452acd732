import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ShortFrame, decodeFrame } from '../../viewer/core/decode.js';
import { delivered, readInstance } from '../../viewer/core/instance.js';
import { palette, remoteTables } from '../../viewer/core/luts.js';
import { rasterColor, rasterGray } from '../../viewer/core/raster.js';
import { base64, dataset, grayImage, words } from './build.js';

const LOOK = {
  modality: { slope: 1, intercept: 0, lut: null },
  voi: { kind: 'window', window: { center: 128, width: 256, fn: 'LINEAR' } },
};

function colour(photometric, more = {}) {
  return readInstance(
    grayImage({ '00280002': 3, '00280004': photometric, '00280100': 8, '00280101': 8, '00280102': 7, ...more }),
  );
}

/** The colour of pixel `at`, as [r, g, b]. */
const rgb = (frame, at) => [...frame.rgba.slice(at * 4, at * 4 + 3)];

test('gray samples are viewed, not copied, and painted through one table', () => {
  const { pixel } = readInstance(grayImage({ '00280101': 16, '00280102': 15 }));
  const frame = decodeFrame(words(0, 128, 255, 60000), pixel, null);
  const out = new Uint32Array(4);
  rasterGray(frame, { invert: false, ...LOOK }, out);
  assert.deepEqual(
    [...new Uint8ClampedArray(out.buffer)],
    [0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255, 255, 255, 255, 255],
  );
});

test('32-bit samples and single bits are painted too', () => {
  const wide = readInstance(grayImage({ '00280100': 32, '00280101': 32, '00280102': 31 })).pixel;
  const frame = decodeFrame(new Uint8Array(Uint32Array.from([0, 1e9, 255, 64]).buffer), wide, null);
  const out = new Uint32Array(4);
  rasterGray(frame, { invert: true, ...LOOK }, out);
  assert.deepEqual(
    [...new Uint8ClampedArray(out.buffer)].filter((_, i) => i % 4 === 0),
    [255, 0, 0, 191],
  );
  const bits = readInstance(grayImage({ '00280100': 1, '00280101': 1, '00280102': 0, '00280011': 5 })).pixel;
  assert.deepEqual(
    [...decodeFrame(Uint8Array.of(0b00010101, 0b10), bits, null).samples],
    [1, 0, 1, 0, 1, 0, 0, 0, 0, 1],
  );
});

test('a frame with too few bytes is refused, one padding byte is not', () => {
  const { pixel } = readInstance(grayImage());
  assert.throws(() => decodeFrame(new Uint8Array(7), pixel, null), ShortFrame);
  assert.equal(decodeFrame(new Uint8Array(10), pixel, null).samples.length, 4);
});

test('RGB by pixel and by plane', () => {
  const chunky = decodeFrame(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), colour('RGB').pixel, null);
  const planar = decodeFrame(
    Uint8Array.of(1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12),
    colour('RGB', { '00280006': 1 }).pixel,
    null,
  );
  assert.deepEqual(planar.rgba, chunky.rgba);
  assert.deepEqual(rgb(chunky, 3), [10, 11, 12]);
});

test('RGB of 16 bits is brought to 8', () => {
  const deep = colour('RGB', { '00280100': 16, '00280101': 16, '00280102': 15 });
  const frame = decodeFrame(words(65535, 32896, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), deep.pixel, null);
  assert.deepEqual(rgb(frame, 0), [255, 128, 0]);
});

test('native YBR_FULL and YBR_FULL_422 become RGB', () => {
  const full = decodeFrame(
    Uint8Array.of(76, 85, 255, 150, 44, 21, 29, 255, 107, 128, 128, 128),
    colour('YBR_FULL').pixel,
    null,
  );
  assert.deepEqual(
    [rgb(full, 0), rgb(full, 3)],
    [
      [254, 0, 0],
      [128, 128, 128],
    ],
  );
  const half = decodeFrame(Uint8Array.of(76, 150, 85, 255, 10, 20, 128, 128), colour('YBR_FULL_422').pixel, null);
  assert.deepEqual(
    [rgb(half, 0), rgb(half, 2), rgb(half, 3)],
    [
      [254, 0, 0],
      [10, 10, 10],
      [20, 20, 20],
    ],
  );
});

test('a frame that the gateway decoded is what its part says, not what is stored', () => {
  const jpeg = colour('YBR_FULL_422', { '00280006': 1 });
  const frame = decodeFrame(Uint8Array.of(200, 10, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9), delivered(jpeg.pixel, 'RGB'), null);
  assert.deepEqual(rgb(frame, 0), [200, 10, 20]);
  const shifted = readInstance(grayImage({ '00280102': 15 })).pixel;
  assert.equal(delivered(shifted, 'MONOCHROME2').high, 11);
  assert.equal(delivered(shifted, ''), shifted);
});

test('a palette that declares 16 bits and uses 8 is not darkened', () => {
  const tables = [0, 1, 2].map(() => ({ first: 0, bits: 16, top: 200, data: Uint16Array.of(0, 200) }));
  const image = readInstance(grayImage({ '00280004': 'PALETTE COLOR', '00280100': 8, '00280101': 8, '00280102': 7 }));
  assert.deepEqual(rgb(decodeFrame(Uint8Array.of(1, 0, 0, 0), image.pixel, tables), 0), [200, 200, 200]);
});

test('PALETTE COLOR with 16-bit entries, and with entries that have to be fetched', () => {
  const table = (...entries) => ({ vr: 'OW', InlineBinary: base64(words(...entries)) });
  const set = grayImage({
    '00280004': 'PALETTE COLOR',
    '00280100': 8,
    '00280101': 8,
    '00280102': 7,
    '00281101': [2, 10, 16],
    '00281102': [2, 10, 16],
    '00281103': [2, 10, 16],
  });
  Object.assign(set, {
    '00281201': table(0xff00, 0x1200),
    '00281202': table(0, 0x3400),
    '00281203': { vr: 'OW', BulkDataURI: 'x' },
  });
  const image = readInstance(set);
  assert.equal(image.obstacle, '');
  assert.deepEqual(remoteTables(set), [set['00281203']]);
  assert.equal(palette(image), null);
  set['00281203'].bytes = words(0x0100, 0x5600);
  assert.deepEqual(remoteTables(set), []);
  const frame = decodeFrame(Uint8Array.of(10, 11, 0, 255), image.pixel, palette(image));
  assert.deepEqual(
    [0, 1, 2, 3].map((at) => rgb(frame, at)),
    [
      [255, 0, 1],
      [0x12, 0x34, 0x56],
      [255, 0, 1],
      [0x12, 0x34, 0x56],
    ],
  );
});

test('inverted colours stay opaque', () => {
  const out = new Uint8ClampedArray(4);
  rasterColor(
    { kind: 'color', rows: 1, columns: 1, rgba: Uint8ClampedArray.of(0, 100, 255, 255), bytes: 4 },
    true,
    out,
  );
  assert.deepEqual([...out], [255, 155, 0, 255]);
});

test('what cannot be painted here is known from the header', () => {
  const obstacle = (more) => readInstance(grayImage(more)).obstacle;
  assert.equal(obstacle({}), '');
  assert.equal(obstacle({ '00280100': 64 }), 'bits');
  assert.equal(obstacle({ '7FE00008': 0 }), 'bits');
  const float = grayImage({ '00280100': 32 });
  delete float['00280101'];
  assert.equal(readInstance(float).obstacle, 'bits');
  assert.equal(obstacle({ '00280102': 3 }), 'bits');
  assert.equal(obstacle({ '00280002': 2 }), 'samples');
  assert.equal(obstacle({ '00280004': 'PALETTE COLOR' }), 'palette');
  assert.equal(obstacle({ '00280004': 'HSV' }), 'photometric');
  assert.equal(readInstance(dataset({ '00080060': 'SR' })).obstacle, 'none');
});
