/** The rules of the viewer's house, as tests. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const VIEWER = join(dirname(fileURLToPath(import.meta.url)), '../../viewer');
const files = readdirSync(VIEWER, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(VIEWER, join(entry.parentPath ?? entry.path, entry.name)));
const read = (name) => readFileSync(join(VIEWER, name), 'utf8');
const modules = files.filter((name) => name.endsWith('.js'));

/** Comments name things of the page that code must not touch. */
const code = (name) =>
  read(name)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');

test('no module has 200 lines', () => {
  for (const name of modules) assert.ok(read(name).split('\n').length <= 200, name);
});

test('core is pure: no page, no network, no clock, and nothing but core below it', () => {
  for (const name of modules.filter((module) => module.startsWith('core/'))) {
    assert.doesNotMatch(
      code(name),
      /\b(document|navigator|globalThis|fetch|localStorage|setTimeout|Date)\b\s*[.(]/,
      name,
    );
    for (const [, from] of code(name).matchAll(/from '([^']+)'/g))
      assert.match(from, /^\.\/[a-z0-9]+\.js$/, `${name}: ${from}`);
  }
});

test('nothing is parsed as HTML and nothing is kept on the device', () => {
  for (const name of modules) {
    assert.doesNotMatch(
      code(name),
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|localStorage|sessionStorage|indexedDB/,
      name,
    );
  }
});

test('no file names another origin', () => {
  for (const name of files) {
    const links = read(name).match(/https?:\/\/[a-z0-9.-]+|['\"(]\/\/[a-z0-9.-]+/gi) ?? [];
    assert.deepEqual(
      links.filter((link) => link !== 'http://www.w3.org'),
      [],
      name,
    );
  }
});

test('the page holds no inline script or style, and loads every module at once', () => {
  const page = read('index.html');
  assert.doesNotMatch(page, /<style|style=|<script(?![^>]*src=)|\son[a-z]+=/i);
  const loaded = [...page.matchAll(/(?:modulepreload" href|module" src)="([^"]+)"/g)].map(([, href]) => href);
  assert.deepEqual(loaded.sort(), modules.filter((name) => name !== 'core/types.js').sort());
});

test('every icon that is asked for is in the sprite', () => {
  const symbols = new Set([...read('icons.svg').matchAll(/symbol id="([^"]+)"/g)].map(([, id]) => id));
  const asked = modules.flatMap((name) =>
    [...code(name).matchAll(/(?:icon|button)\('([a-z]+)'/g)].map(([, icon]) => icon),
  );
  assert.ok(asked.length > 10);
  for (const icon of [...asked, 'scroll', 'window', 'zoom', 'pan', 'pause']) assert.ok(symbols.has(icon), icon);
});
