/**
 * Markdown, read back by markdown-it with HTML let through, and what comes out by an HTML parser.
 *
 * @module
 */
import { assert, constantFrom, property, string } from 'fast-check';
import MarkdownIt from 'markdown-it';
import { parseFragment, type DefaultTreeAdapterTypes } from 'parse5';
import { describe, expect, test } from 'vitest';
import { markdown } from '../../../src/conformance/reporters/markdown.ts';
import type { Report } from '../../../src/conformance/report.ts';
import { empty, huge, nasty, real } from './sample.ts';

type Node = DefaultTreeAdapterTypes.Node;

const render = (report: Report): string =>
  new MarkdownIt({ html: true, linkify: false }).render(markdown(report));

const elementsOf = (node: Node): readonly DefaultTreeAdapterTypes.Element[] =>
  ('childNodes' in node ? node.childNodes : []).flatMap((child) => [
    ...('tagName' in child ? [child] : []),
    ...elementsOf(child),
  ]);

const textOf = (node: Node): string =>
  'value' in node
    ? node.value
    : 'childNodes' in node
      ? node.childNodes.map((child) => textOf(child)).join('')
      : '';

const ALLOWED = /^(h2|h3|p|ul|li|strong|pre|code|details|summary)$/;

test.each<[string, () => Promise<Report> | Report]>([
  ['a real report', real],
  ['a hostile one', nasty],
  ['a huge one', huge],
  ['an empty one', empty],
])('%s has only the elements that it means, and fits a job summary', async (_name, make) => {
  const report = await make();
  const elements = elementsOf(parseFragment(render(report)));
  expect(elements.map(({ tagName }) => tagName).filter((tag) => !ALLOWED.test(tag))).toEqual([]);
  expect(elements.filter(({ tagName }) => tagName === 'h2')).toHaveLength(1);
  expect(Buffer.byteLength(markdown(report))).toBeLessThanOrEqual(1024 * 1024);
});

describe('what it says', () => {
  test('every finding, worst first, with its exchange', () => {
    const page = render(nasty());
    const order = [
      'FAILED (MUST) signature/missing-header',
      'ERROR (MUST) delivery/no-loss',
      'WARNING (SHOULD) signature/wrong-digest',
      'NOTE (INFO) signature/upper-case',
      'KNOWN (MUST) delivery/dup-seq',
    ].map((title) => page.indexOf(title));
    expect(order).toEqual(order.toSorted((one, other) => one - other));
    expect(order[0]).toBeGreaterThan(-1);
    expect(page).toContain('200 in 3 ms');
  });

  test('what stands between backticks is code, whatever else is in the line', () => {
    const report = nasty();
    const fix = 'Use `a * b`, not <b>: `<i>_x_</i>` is code, a ` alone is literal.';
    const page = render({ ...report, checks: report.checks.map((one) => ({ ...one, fix })) });
    expect(page).toContain(
      'Use <code>a * b</code>, not &lt;b&gt;: <code>&lt;i&gt;_x_&lt;/i&gt;</code> is code, a ` alone is literal.',
    );
  });

  test('code stays in its block whatever fences it holds', () => {
    const blocks = elementsOf(parseFragment(render(nasty()))).filter(
      ({ tagName }) => tagName === 'pre',
    );
    // One each to reproduce, for the request and for the response.
    expect(blocks).toHaveLength(4 * 3);
  });

  test('it contains no mentions and no links', () => {
    const text = markdown(nasty()).replaceAll(/^(`{3,})text\n[^]*?\n\1$/gm, '');
    expect(text).not.toMatch(/(?<!\\)@someone|(?<!\\)#1\b|(?<!\\)\]\(/);
  });

  test('what does not fit is counted', () => {
    expect(markdown(huge())).toMatch(
      /\d+ more findings are omitted here: use another report format\./,
    );
  });
});

describe('text in a line', () => {
  const withFix = (fix: string): Report => {
    const report = nasty();
    const [first] = report.checks;
    return { ...report, checks: [{ ...first!, status: 'fail', title: 'A title', fix }] };
  };

  test.each([
    ['lead_email, 3 < 4, a-b: (c) [d] e+f = {g}! #h | i > j'],
    ['http/signed-nonsense: 500 in 2 ms; delivery/dup-seq'],
  ])('%s has no escape', (text) => {
    expect(markdown(withFix(text))).toContain(`- **Fix:** ${text}\n`);
  });

  test('renders literally, whatever it holds', () => {
    const special = constantFrom(...'\\*_~[](){}<>&;:!#@|+-=.1a /"', 'www.', 'http:', 'amp', '\n');
    const reader = new MarkdownIt({ html: true, linkify: false });
    assert(
      property(string({ unit: special, minLength: 1, maxLength: 24 }), (fix) => {
        const line = markdown(withFix(fix))
          .split('\n')
          .find((one) => one.startsWith('- **Fix:** '));
        const wanted = fix.replaceAll(/\s+/g, ' ').trim();
        if (line === undefined) return wanted === '';
        const fragment = parseFragment(reader.render(line));
        const tags = elementsOf(fragment).map(({ tagName }) => tagName);
        const text = textOf(fragment).replaceAll(/\s+/g, ' ').trim();
        return tags.join() === 'ul,li,strong' && text === `Fix: ${wanted}`.trim();
      }),
      { numRuns: 2000 },
    );
  });
});
