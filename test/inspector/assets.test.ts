/**
 * The inspector's files over HTTP: policy, caching, size.
 *
 * @module
 */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';

const MAX_GZIP_BYTES = 60_000;

let mock: Mock;
let page: Response;
let html: string;
beforeAll(async () => {
  mock = await createMock();
  page = await fetch(mock.url);
  html = await page.text();
});
afterAll(() => mock.close());

const assets = (): string[] => [...html.matchAll(/"(\/inspector\/[^"]+)"/g)].map((m) => m[1]!);

test('the page allows files of its own origin, no inline code, and no framing', () => {
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;",
  );
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
  expect(html).not.toMatch(/<style|<script(?![^>]*src=)|\son\w+=|\sstyle=/);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
});

test('the page is checked each time, the files that it names are kept permanently', async () => {
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const again = await fetch(mock.url, {
    headers: { 'if-none-match': page.headers.get('etag') ?? '' },
  });
  expect(again.status).toBe(304);
  expect(assets()).toHaveLength(2);
  for (const path of assets()) {
    const { status, headers } = await fetch(mock.url + path);
    expect([status, headers.get('cache-control')]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ]);
  }
});

test(`all of it is at most ${MAX_GZIP_BYTES} bytes compressed, and names no other origin`, async () => {
  const texts = await Promise.all(
    assets().map(async (path) => (await fetch(mock.url + path)).text()),
  );
  const sizes = [html, ...texts].map((text) => gzipSync(text).length);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(MAX_GZIP_BYTES);
  const urls = texts.join('\n').match(/https?:\/\/[\w.]+/g) ?? [];
  // Namespaces, the default URL, and examples of the contract.
  const known = /^http:\/\/www\.w3\.org|^http:\/\/(?:localhost|127\.0\.0\.1)|^https:\/\/your/;
  expect(urls.filter((url) => !known.test(url))).toEqual([]);
});

test('nothing of Node is in the script', async () => {
  const [script = ''] = assets().filter((path) => path.endsWith('.js'));
  const text = await (await fetch(mock.url + script)).text();
  expect(text.match(/\b(?:Buffer|process)\.|\brequire\(|["'`]node:/g)).toBeNull();
});

test('a file that does not exist is an error of the API', async () => {
  for (const name of ['nothing.js', '..%2fpackage.json', '__proto__']) {
    expect((await fetch(`${mock.url}/inspector/${name}`)).status).toBe(404);
  }
});
