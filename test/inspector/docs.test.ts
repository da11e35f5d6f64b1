/**
 * The documentation as the server shows it: guide, references, API descriptions, the index for language models.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { DOC_TOPICS } from '../../src/domain/doc-topics.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { OPERATIONS } from '../../schemas/operations.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock();
});
afterAll(() => mock.close());

const get = async (path: string): Promise<{ status: number; headers: Headers; text: string }> => {
  const response = await fetch(mock.url + path);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

const CHECK_PAGES = CATALOGUE.map(({ id }) => `/docs/checks/${id}`);

const PAGES = [
  ...Object.keys(DOC_TOPICS).map((topic) => `/docs/${topic}`),
  '/docs/checks',
  '/docs/checks/signature/missing-header',
  '/docs/checks/http/no-redirect',
  '/reference/control',
  '/reference/sandbox',
  '/reference/events',
];

test.each(PAGES)(
  '%s is a page without inline scripts, whose links lead somewhere',
  async (path) => {
    const { status, headers, text } = await get(path);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8']);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self'/);
    const scripts = /^\/reference\/(?:control|sandbox)$/.test(path) ? 1 : 0;
    expect(text.match(/<script/g) ?? []).toHaveLength(scripts);
    expect(
      text.match(/<script type="module" src="\/inspector\/[^"]+"><\/script>/g) ?? [],
    ).toHaveLength(scripts);
    expect(text).not.toMatch(/<!-- test|\sstyle=/);
    expect(text.match(/<h1/g)).toHaveLength(1);
    for (const [, href = ''] of text.matchAll(/<a href="([^"]+)"/g)) {
      if (href.startsWith('http')) continue;
      const [page = '', hash] = href.split('#');
      if (page === '/' || page === '/docs') continue;
      const target = page === '' ? text : (await get(page)).text;
      if (hash !== undefined) expect(target, href).toContain(`id="${hash}"`);
      else expect((await get(page)).status, href).toBe(200);
    }
  },
);

test('every check has a page, which the list of checks and the page of verify lead to', async () => {
  const list = (await get('/docs/checks')).text;
  const verify = (await get('/docs/verify')).text;
  for (const path of CHECK_PAGES) {
    for (const text of [list, verify]) expect(text).toContain(`<a href="${path}">`);
    expect((await get(path)).status, path).toBe(200);
  }
});

test('the page of a check shows wrong and right code, and what the suite prints of both', async () => {
  const { text } = await get('/docs/checks/signature/missing-header');
  expect(text).toContain('<h1 id="signaturemissing-header">signature/missing-header</h1>');
  expect(text).toContain('FAILED  MUST   signature/missing-header');
  expect(text).toContain('timingSafeEqual');
  expect(text).toMatch(/PASSED \d of \d/);
  const { headers, text: markdown } = await get('/docs/checks/signature/missing-header.md');
  expect(headers.get('content-type')).toBe('text/markdown; charset=utf-8');
  expect(markdown).toMatch(/^# signature\/missing-header\n/);
});

test('the references show every operation and event, documented or assumed', async () => {
  const pages = {
    control: (await get('/reference/control')).text,
    sandbox: (await get('/reference/sandbox')).text,
  };
  for (const { spec, operationId } of OPERATIONS) {
    expect(pages[spec], operationId).toContain(`id="${operationId}"`);
  }
  expect(pages.control).toMatch(/>documented<\/span/);
  expect(pages.control).toMatch(/>assumed<\/span/);
  const events = (await get('/reference/events')).text;
  expect(events).toContain('X-SendEmAll-Signature: sha256=hex(HMAC-SHA256(secret, body))');
  expect(events).toContain('<code>data.reply_sentiment</code>');
  expect(events).toContain('+30 min');
});

describe('files', () => {
  test.each([
    ['/openapi.json', 'schemas/json/openapi.json', 'application/json'],
    ['/sandbox.openapi.json', 'schemas/json/sandbox.openapi.json', 'application/json'],
    ['/asyncapi.json', 'schemas/json/asyncapi.json', 'application/json'],
    ['/openapi.yaml', 'schemas/yaml/openapi.yaml', 'application/yaml'],
    ['/sandbox.openapi.yaml', 'schemas/yaml/sandbox.openapi.yaml', 'application/yaml'],
    ['/asyncapi.yaml', 'schemas/yaml/asyncapi.yaml', 'application/yaml'],
    ['/docs/clock.md', 'src/docs/clock.md', 'text/markdown'],
  ])('%s', async (path, file, type) => {
    const { headers, text } = await get(path);
    expect(headers.get('content-type')).toBe(`${type}; charset=utf-8`);
    expect(text).toBe(readFileSync(file, 'utf8'));
  });

  test('/llms.txt names every page and description, and each exists', async () => {
    const { text } = await get('/llms.txt');
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1]!);
    expect(links).toHaveLength(Object.keys(DOC_TOPICS).length + CATALOGUE.length + 3);
    for (const link of links) expect((await get(link)).status, link).toBe(200);
  });

  test.each([
    '/docs/none',
    '/docs/checks/signature/none',
    '/docs/checks/signature',
    '/docs/../package.json',
    '/docs/constructor',
    '/reference/none',
  ])('%s does not exist', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  test('/docs leads to the first page', async () => {
    const response = await fetch(`${mock.url}/docs`);
    expect(response.url).toBe(`${mock.url}/docs/sandbox`);
  });
});
