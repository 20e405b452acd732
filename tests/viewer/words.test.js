import assert from 'node:assert/strict';
import { test } from 'node:test';

import { number, numbers, personName, text, texts } from '../../viewer/core/dicomjson.js';
import { IDLE, down, move, stepped, up, wheelImages, wheelPixels } from '../../viewer/core/gesture.js';
import { dragged, presetsFor } from '../../viewer/core/presets.js';
import { problemOf, warningTexts } from '../../viewer/core/problem.js';
import { studyQuery } from '../../viewer/core/query.js';
import { formatRoute, parseRoute } from '../../viewer/core/route.js';
import { withheldWords } from '../../viewer/core/withheld.js';
import { strings } from '../../viewer/strings.js';
import { dataset } from './build.js';

test('values that other servers get wrong read as absent', () => {
  const set = {
    '00080061': { vr: 'CS' },
    '00100010': { vr: 'PN', Value: [null] },
    '00280030': { vr: 'DS', Value: [null, 1] },
  };
  assert.deepEqual(
    [texts(set, '00080061'), text(set, '00100010'), numbers(set, '00280030'), number(set, '00280010', 7)],
    [[], '', [], 7],
  );
  assert.equal(text(dataset({ '00100010': { Alphabetic: 'DOE^J' } }), '00100010'), 'DOE^J');
  assert.equal(number(dataset({ '00280010': '' }), '00280010', 7), 7);
  assert.equal(personName('DOE^JANE^^^MD=山田'), 'DOE JANE MD');
});

test('routes survive the way through the URL; what is no UID does not enter', () => {
  for (const route of [
    { source: 'pacs', study: '', series: '' },
    { source: 'teaching', study: '1.2', series: '1.2.3' },
  ]) {
    assert.deepEqual(parseRoute(formatRoute(route)), route);
  }
  assert.deepEqual(parseRoute('#/pacs/../../x/1.2'), { source: 'pacs', study: '', series: '' });
  assert.deepEqual(parseRoute(''), { source: 'pacs', study: '', series: '' });
});

test('a search asks the PACS by name, the archive never', () => {
  const filters = {
    PatientName: ' doe, j ',
    ModalitiesInStudy: 'CT',
    from: '2024-01-05',
    to: '',
    StudyDescription: 'knee',
  };
  const query = Object.fromEntries(studyQuery('pacs', filters, 50));
  assert.deepEqual(query, {
    limit: '50',
    offset: '50',
    PatientName: 'doe^j*',
    ModalitiesInStudy: 'CT',
    StudyDescription: '*knee*',
    StudyDate: '20240105-',
    includefield: 'StudyDescription',
  });
  const archive = studyQuery('teaching', filters, 0);
  assert.deepEqual(
    [archive.has('PatientName'), archive.has('StudyDate'), archive.get('ModalitiesInStudy')],
    [false, false, 'CT'],
  );
  assert.equal(studyQuery('pacs', { PatientName: 'd?e*' }, 0).get('PatientName'), 'd?e*');
});

test('problems show the sentence of the gateway, never another body', () => {
  const withheld = problemOf(
    403,
    '{"type":"urn:x:withheld","title":"Withheld","detail":"Text is burned in.","reason":"burned-in"}',
    'f',
  );
  assert.deepEqual([withheld.kind, withheld.message, withheld.reason], ['withheld', 'Text is burned in.', 'burned-in']);
  assert.deepEqual(
    [problemOf(403, '{"title":"Not permitted","detail":"No."}', 'f').kind, problemOf(401, '', 'f').kind],
    ['forbidden', 'signed-out'],
  );
  const html = problemOf(502, '<h1>Bad gateway 10.0.0.7</h1>', 'The gateway answered with status 502.');
  assert.deepEqual([html.kind, html.message], ['failed', 'The gateway answered with status 502.']);
});

test('warnings are read out of their header', () => {
  assert.deepEqual(warningTexts('299 gateway "more remain", 199 x "no", 299 - "a \\"b\\""'), ['more remain', 'a "b"']);
  assert.deepEqual(warningTexts(null), []);
});

test('one pointer does what the tool or its button says', () => {
  const press = (button, tool) => move(down(IDLE, { id: 1, x: 0, y: 0, button }, tool), { id: 1, x: 3, y: 5 }).commands;
  assert.deepEqual(press(0, 'scroll'), [{ kind: 'scroll', pixels: 5 }]);
  assert.deepEqual(press(0, 'window'), [{ kind: 'window', dx: 3, dy: 5 }]);
  assert.deepEqual(press(2, 'scroll'), [{ kind: 'window', dx: 3, dy: 5 }]);
  assert.deepEqual(press(1, 'zoom'), [{ kind: 'pan', dx: 3, dy: 5 }]);
  assert.equal(press(0, 'zoom')[0].factor < 1, true);
});

test('two fingers pan and zoom; when one is lifted the other goes on', () => {
  let hand = down(down(IDLE, { id: 1, x: 0, y: 0 }, 'scroll'), { id: 2, x: 100, y: 0 }, 'scroll');
  const pinched = move(hand, { id: 2, x: 200, y: 0 });
  assert.deepEqual(pinched.commands, [
    { kind: 'pan', dx: 50, dy: 0 },
    { kind: 'zoom', factor: 2, x: 100, y: 0 },
  ]);
  hand = up(pinched.hand, 1);
  assert.deepEqual(move(hand, { id: 2, x: 200, y: 7 }).commands, [{ kind: 'scroll', pixels: 7 }]);
  assert.deepEqual(move(up(hand, 2), { id: 2, x: 0, y: 0 }).commands, []);
});

test('small movements add up to steps, a turn back starts anew', () => {
  assert.deepEqual(stepped(0, 2.5), { steps: 2, rest: 0.5 });
  assert.deepEqual(stepped(0.5, 0.5), { steps: 1, rest: 0 });
  assert.deepEqual(stepped(0.9, -0.5), { steps: 0, rest: -0.5 });
});

test('a notch of the wheel is one image in every browser, a touch pad has fine steps', () => {
  const notches = [
    { deltaY: 100, deltaMode: 0 },
    { deltaY: 120, deltaMode: 0 },
    { deltaY: -3, deltaMode: 1 },
    { deltaY: 300, deltaMode: 0 },
  ];
  assert.deepEqual(notches.map(wheelImages), [1, 1, -1, 3]);
  assert.equal(wheelImages({ deltaY: 10, deltaMode: 0 }), 0.25);
  assert.equal(wheelPixels({ deltaY: 3, deltaMode: 1 }), 99);
});

test('every preset has a name, and dragging never makes a window that shows nothing', () => {
  for (const { key } of presetsFor('CT')) assert.equal(typeof strings.preset[key], 'string', key);
  assert.deepEqual(presetsFor('MR'), []);
  assert.deepEqual(dragged({ center: 40, width: 400, fn: 'LINEAR' }, -1e5, 0).width, 1);
  assert.ok(dragged({ center: 40, width: 400, fn: 'LINEAR' }, 10, 10).center > 40);
});

test('the reasons of withheld images are told in plain words', () => {
  const told = withheldWords('2 instances are withheld: burned-in-annotation, new-code', strings.reason);
  assert.deepEqual(told, { title: '2 instances are withheld', reason: 'Text burned into the pixels; new-code' });
  assert.deepEqual(withheldWords('Some are withheld', {}), { title: 'Some are withheld', reason: '' });
});
