/**
 * The page, read back by an HTML parser that works as browsers do.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { parse, type DefaultTreeAdapterTypes, type ParserError } from 'parse5';
import { describe, expect, test } from 'vitest';
import { html } from '../../../src/conformance/reporters/html.ts';
import { SCRIPT } from '../../../src/conformance/report-view/script.ts';
import type { Report } from '../../../src/conformance/report.ts';
import { blankResult } from '../blank-result.ts';
import { reportOf } from './mixed.ts';
import { empty, nasty, real } from './sample.ts';

type Element = DefaultTreeAdapterTypes.Element;
type ParentNode = DefaultTreeAdapterTypes.ParentNode;

const isElement = (node: DefaultTreeAdapterTypes.Node): node is Element => 'tagName' in node;

const elementsOf = (node: ParentNode): readonly Element[] =>
  node.childNodes.filter(isElement).flatMap((child) => [child, ...elementsOf(child)]);

const textOf = (node: ParentNode): string =>
  node.childNodes
    .map((child) =>
      child.nodeName === '#text'
        ? (child as DefaultTreeAdapterTypes.TextNode).value
        : isElement(child)
          ? textOf(child)
          : '',
    )
    .join('');

const attribute = ({ attrs }: Element, name: string): string | undefined =>
  attrs.find((one) => one.name === name)?.value;

const read = (report: Report) => {
  const errors: ParserError[] = [];
  const page = html(report);
  const document = parse(page, { onParseError: (error) => errors.push(error) });
  return { page, errors, document, elements: elementsOf(document) };
};

const REPORTS: readonly [string, () => Promise<Report> | Report][] = [
  ['a real report', real],
  ['a hostile one', nasty],
  ['an empty one', empty],
];

test('a finding names the command that prints the page of its check', () => {
  const explain = 'sendemall-mock explain content/address';
  const found = blankResult({ id: 'content/address', status: 'fail', explain });
  expect(html(reportOf([found]))).toContain(explain);
});

describe.each(REPORTS)('%s', (_name, make) => {
  test('parses without an error', async () => {
    expect(read(await make()).errors.map(({ code }) => code)).toEqual([]);
  });

  test('takes nothing from elsewhere, and runs only its own script', async () => {
    const { elements } = read(await make());
    const tags = new Set(elements.map(({ tagName }) => tagName));
    for (const tag of ['img', 'link', 'iframe', 'object', 'base', 'form']) {
      expect(tags).not.toContain(tag);
    }
    const names = new Set(elements.flatMap(({ attrs }) => attrs.map(({ name }) => name)));
    expect([...names].filter((name) => /^on|^src|^style$|^action/.test(name))).toEqual([]);
    const targets = elements.flatMap((one) => attribute(one, 'href') ?? []);
    const ids = elements.flatMap((one) => attribute(one, 'id') ?? []);
    expect(targets.filter((target) => !ids.includes(target.replace(/^#/, '')))).toEqual([]);
    const only = (tag: string): string => {
      const texts = elements.filter(({ tagName }) => tagName === tag).map(textOf);
      expect(texts).toHaveLength(1);
      return texts[0]!;
    };
    expect(only('style')).not.toMatch(/url\(|@import/);
    expect(only('script')).toBe(SCRIPT);
    const policy = elements.find((one) => attribute(one, 'http-equiv') !== undefined);
    const digestOf = (text: string): string =>
      `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(attribute(policy!, 'content')).toBe(
      `default-src 'none'; style-src ${digestOf(only('style'))}; script-src ${digestOf(SCRIPT)}`,
    );
  });

  test('has no button without its script, and every block that it copies is there', async () => {
    const { elements } = read(await make());
    expect(elements.filter(({ tagName }) => tagName === 'button')).toEqual([]);
    const blocks = elements.filter((one) => attribute(one, 'class') === 'code');
    expect(blocks.map(({ childNodes }) => childNodes[0]?.nodeName)).toEqual(
      blocks.map(() => 'pre'),
    );
    expect(blocks).toHaveLength(elements.filter(({ tagName }) => tagName === 'pre').length);
  });

  test('can be read by everybody: language, title, landmarks, order of headings, labels', async () => {
    const { elements } = read(await make());
    const all = (tag: string) => elements.filter(({ tagName }) => tagName === tag);
    expect(attribute(all('html')[0]!, 'lang')).toBe('en');
    expect(textOf(all('title')[0]!)).toContain('http://');
    expect(all('main')).toHaveLength(1);
    expect(all('h1')).toHaveLength(1);
    const levels = elements
      .filter(({ tagName }) => /^h[1-6]$/.test(tagName))
      .map(({ tagName }) => Number(tagName[1]));
    for (const [at, level] of levels.entries()) {
      expect(level).toBeLessThanOrEqual((levels[at - 1] ?? 0) + 1);
    }
    expect(all('input').map(({ parentNode }) => parentNode?.nodeName)).toEqual(
      all('input').map(() => 'label'),
    );
    const ids = elements.flatMap((one) => attribute(one, 'id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('shows every check once, each under one choice of the filter', async () => {
    const report = await make();
    const { elements } = read(report);
    const shown = elements.filter((one) => (attribute(one, 'class') ?? '').startsWith('check '));
    expect(shown.map((one) => attribute(one, 'id') ?? '').toSorted()).toEqual(
      report.checks.map(({ id }) => id).toSorted(),
    );
    const kinds = shown.map((one) => attribute(one, 'class')?.split(' ')[1]);
    const choices = elements.flatMap((one) => attribute(one, 'id') ?? []);
    expect(kinds.filter((kind) => !choices.includes(`show-${kind}`))).toEqual([]);
  });
});

test('the filter hides what was not asked for', () => {
  const { page } = read(nasty());
  expect(page).toContain('.report:has(#show-failed:checked) .check:not(.failed)');
});

test('exchanges are shown, and what is hostile in them is text', () => {
  const { document } = read(nasty());
  const text = textOf(document);
  expect(text).toContain('</pre></details></summary></style> <!-- 😀 é');
  expect(text).toContain('<script>alert(1)</script> &amp; &lt;');
  expect(text).toContain('200 in 3 ms');
});

test('in a cause and a remedy, what stands between backticks is code', () => {
  const report = nasty();
  const fix = 'Use `a * b`, not <b>: `<i>_x_</i>` is code, a ` alone is literal.';
  const { page } = read({ ...report, checks: report.checks.map((one) => ({ ...one, fix })) });
  expect(page).toContain(
    '<dt>Fix</dt><dd>Use <code>a * b</code>, not &lt;b>: <code>&lt;i>_x_&lt;/i></code> is code, a ` alone is literal.</dd>',
  );
});

test('each area has a bar with its results, and the numbers in words', async () => {
  const report = await real();
  const { elements } = read(report);
  const rows = elements.filter(({ tagName }) => tagName === 'tr').slice(1);
  const areas = [...new Set(report.checks.map(({ area }) => area))];
  expect(rows.map((row) => textOf(row.childNodes[0] as Element))).toEqual(areas);
  for (const [at, row] of rows.entries()) {
    const own = report.checks.filter(({ area }) => area === areas[at]);
    const tested = own.filter(({ status }) => status !== 'not_tested').length;
    expect(textOf(row)).toContain(`${tested} of ${own.length}`);
    const widths = elementsOf(row).flatMap((one) => attribute(one, 'width') ?? []);
    expect(widths.reduce((sum, width) => sum + Number(width), 0)).toBeCloseTo(100, 0);
  }
});

test('findings with one cause stand together, below it', () => {
  const report = nasty();
  const { elements } = read(report);
  const groups = elements.filter((one) => attribute(one, 'class') === 'group');
  expect(groups).toHaveLength(1);
  expect(textOf(groups[0]!)).toMatch(/^One cause, \d findings: Cause /);
});

test('what to fix first is said before everything else', async () => {
  const { elements } = read(await real());
  const first = elements.find((one) => attribute(one, 'class') === 'first');
  const target = elements.find((one) => attribute(one, 'href') !== undefined);
  expect(textOf(first!)).toContain('Fix first');
  expect(textOf(first!)).toContain(textOf(target!));
});

test('the log of a receiver is a block of its own, and text', () => {
  const report = nasty();
  const log = 'TypeError: </pre><script>alert(2)</script>\n    at handle (app.js:7)';
  const { elements } = read({ ...report, checks: report.checks.map((one) => ({ ...one, log })) });
  const blocks = elements.filter(({ tagName }) => tagName === 'pre').map(textOf);
  expect(blocks.filter((text) => text === log)).toHaveLength(report.checks.length);
});
