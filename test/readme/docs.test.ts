/**
 * Every block of every page in `src/docs/` is tried, page by page, as the comment above it says; every link of the
 * README and the pages leads somewhere.
 *
 * @module
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readBlocks } from './blocks.ts';
import { tryAll } from './try-all.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'src', 'docs');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .map((name) => `src/docs/${name}`);

describe.each(pages.filter((page) => readBlocks(read(page)).length > 0))('%s', (page) => {
  tryAll(read(page));
});

/** The text without its fenced blocks. */
const prose = (markdown: string): string => markdown.replaceAll(/^```[^]*?^```$/gmu, '');

/** Anchors as GitHub makes them of headings. */
const anchorsOf = (markdown: string): string[] =>
  [...prose(markdown).matchAll(/^#+ (?<heading>.+)$/gmu)].map(({ groups }) =>
    (groups?.['heading'] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );

const linksOf = (markdown: string): string[] =>
  [...prose(markdown).matchAll(/\]\((?<link>[^)\s]+)\)/gu)]
    .map(({ groups }) => groups?.['link'] ?? '')
    .filter((link) => !/^https?:/u.test(link));

const isBroken = (page: string, link: string): boolean => {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(root, target))) return true;
  return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
};

describe.each(['README.md', ...pages])('%s', (page) => {
  test('has no broken link', () => {
    expect(linksOf(read(page)).filter((link) => isBroken(page, link))).toEqual([]);
  });

  test('begins with its title', () => {
    expect(read(page)).toMatch(/^# \S/u);
  });
});

test('README.md has at most 150 lines and links to every page', () => {
  const readme = read('README.md');
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  expect(pages.filter((page) => !linksOf(readme).includes(page))).toEqual([]);
});

test('a link to nothing is broken', () => {
  expect(isBroken('README.md', 'src/docs/nothing.md')).toBe(true);
  expect(isBroken('src/docs/verify.md', 'hooks.md#nothing')).toBe(true);
  expect(isBroken('src/docs/verify.md', 'hooks.md#sinks')).toBe(false);
});
