import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MultipartError, boundaryOf, parseMultipart } from '../../viewer/core/multipart.js';

const encode = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const decode = (bytes) => String.fromCharCode(...bytes);
const TYPE = 'multipart/related; type="application/octet-stream"; boundary=XX';

test('the boundary is read quoted, bare, in any case and position', () => {
  assert.equal(boundaryOf('multipart/related; boundary="a b\\"c"; type="x;y"'), 'a b"c');
  assert.equal(boundaryOf('Multipart/Related; type="application/dicom"; BOUNDARY=abc'), 'abc');
  assert.equal(boundaryOf('application/octet-stream'), '');
});

test('parts keep their bytes, their headers lose their case', () => {
  const body =
    'preamble\r\n--XX\r\nContent-Type: a/b; transfer-syntax=1.2\r\n\r\n\r\n\0--X\r\n-\r\n--XX\r\n\r\nsecond\r\n--XX--\r\n';
  const parts = parseMultipart(TYPE, encode(body));
  assert.deepEqual(
    parts.map((part) => decode(part.body)),
    ['\r\n\0--X\r\n-', 'second'],
  );
  assert.equal(parts[0].headers.get('content-type'), 'a/b; transfer-syntax=1.2');
  assert.equal(parts[1].headers.size, 0);
});

test('an empty part is a part', () => {
  const parts = parseMultipart(TYPE, encode('--XX\r\nA: b\r\n\r\n\r\n--XX--'));
  assert.equal(parts.length, 1);
  assert.equal(parts[0].body.length, 0);
});

test('each body starts at the beginning of its buffer', () => {
  const [part] = parseMultipart(TYPE, encode('--XX\r\nA: b\r\n\r\nabcd\r\n--XX--'));
  assert.equal(part.body.byteOffset, 0);
  assert.equal(new Uint16Array(part.body.buffer).length, 2);
});

test('a body cut anywhere before its closing delimiter is refused', () => {
  const body = '--XX\r\nContent-Type: a/b\r\n\r\npixels\r\n--XX--';
  for (let length = 0; length < body.length; length += 1) {
    assert.throws(() => parseMultipart(TYPE, encode(body.slice(0, length))), MultipartError, `cut at ${length}`);
  }
  assert.equal(parseMultipart(TYPE, encode(body)).length, 1);
});

test('a boundary that only begins like ours does not end the part', () => {
  const parts = parseMultipart(TYPE, encode('--XX\r\nA: b\r\n\r\nab\r\n--XXY\r\ncd\r\n--XX--'));
  assert.deepEqual(
    parts.map((part) => decode(part.body)),
    ['ab\r\n--XXY\r\ncd'],
  );
});

test('without a boundary there is nothing to split', () => {
  assert.throws(() => parseMultipart('image/jpeg', encode('x')), MultipartError);
});
