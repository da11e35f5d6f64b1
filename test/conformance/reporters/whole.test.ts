/**
 * Every format, word for word, of reports that have one of everything in them.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../../src/conformance/catalogue.ts';
import { github } from '../../../src/conformance/reporters/github.ts';
import { html } from '../../../src/conformance/reporters/html.ts';
import { PAGE_STYLE, VIEW_STYLE } from '../../../src/conformance/report-view/style.ts';
import { json } from '../../../src/conformance/reporters/json.ts';
import { junit } from '../../../src/conformance/reporters/junit.ts';
import { markdown } from '../../../src/conformance/reporters/markdown.ts';
import { pretty } from '../../../src/conformance/reporters/pretty.ts';
import { sarif } from '../../../src/conformance/reporters/sarif.ts';
import { mixed, REPORTS } from './mixed.ts';

/** Without its style and the digest of it. */
const page = (text: string): string =>
  text.replace(`${PAGE_STYLE}${VIEW_STYLE}`, '…').replaceAll(/sha256-[^']+/g, 'sha256-…');

interface Sarif {
  readonly runs: readonly [{ readonly tool: { readonly driver: { readonly rules: unknown } } }];
}

/** Without its rules. */
const results = (text: string): unknown => {
  const log = JSON.parse(text) as Sarif;
  const [run] = log.runs;
  return { ...log, runs: [{ ...run, tool: { driver: { ...run.tool.driver, rules: '…' } } }] };
};

describe.each(Object.entries(REPORTS))('%s', (_, make) => {
  test('for a terminal', () => {
    expect(pretty(make())).toMatchSnapshot();
    expect(pretty(make(), { details: true })).toMatchSnapshot();
  });

  test('for a terminal, in colour', () => {
    const text = pretty(make(), { paint: (colour, words) => `<${colour}>${words}</>` });
    expect(text).toMatchSnapshot();
    // Colour is all that it adds.
    expect(text.replaceAll(/<\/?[a-z]*>/g, '').replaceAll(/ +$/gm, '')).toBe(
      pretty(make())
        .replaceAll(/<\/?[a-z]*>/g, '')
        .replaceAll(/ +$/gm, ''),
    );
  });

  test('as annotations', () => {
    expect(github(make())).toMatchSnapshot();
  });

  test('as Markdown', () => {
    expect(markdown(make())).toMatchSnapshot();
  });

  test('as JUnit', () => {
    expect(junit(make())).toMatchSnapshot();
  });

  test('as a page', () => {
    expect(page(html(make()))).toMatchSnapshot();
  });

  test('as SARIF', () => {
    expect(results(sarif(make()))).toMatchSnapshot();
  });

  test('as JSON, in lines', () => {
    const report = make();
    const text = json(report);
    expect(JSON.parse(text)).toEqual(report);
    expect(text.endsWith('\n}\n')).toBe(true);
    expect(text.split('\n')[1]).toBe('  "tool": {');
  });
});

test('SARIF has a rule for each check', () => {
  const { rules } = (JSON.parse(sarif(mixed())) as Sarif).runs[0].tool.driver;
  const ids = CATALOGUE.map(({ id }) => expect.objectContaining({ id }) as unknown);
  expect(rules).toEqual(ids);
  expect(CATALOGUE.length).toBeGreaterThan(90);
});
