/**
 * Summary of a report: a bar per area, and the finding to fix first.
 *
 * @module
 */
import { h, type ComponentChild } from 'preact';
import type { Report } from '../report.ts';
import { findingsOf } from '../reporters/findings.ts';
import { firstToFix, isFailure } from '../reporters/first-fix.ts';
import { kindOf, labelOf, type Kind } from './kinds.ts';
import { show, showWithCode } from './text.ts';

/** From left to right. */
const SEGMENTS: readonly Kind[] = [
  'passed',
  'note',
  'known',
  'warning',
  'failed',
  'error',
  'not_tested',
];

const BAR_WIDTH = 100;

interface AreaCounts {
  readonly area: string;
  readonly total: number;
  readonly counts: readonly (readonly [Kind, number])[];
}

const countAreas = (report: Report): readonly AreaCounts[] =>
  [...new Set(report.checks.map(({ area }) => area))].map((area) => {
    const kinds = report.checks
      .filter((result) => result.area === area)
      .map((result) => kindOf(report, result));
    const counts = SEGMENTS.map(
      (kind) => [kind, kinds.filter((one) => one === kind).length] as const,
    );
    return { area, total: kinds.length, counts: counts.filter(([, count]) => count > 0) };
  });

/** Nouns have a plural. */
const NOUNS: ReadonlySet<Kind> = new Set<Kind>(['note', 'warning', 'error']);

const describeCounts = ({ counts }: AreaCounts): string =>
  counts
    .map(([kind, count]) => `${count} ${labelOf(kind)}${NOUNS.has(kind) && count > 1 ? 's' : ''}`)
    .join(', ');

/** Attributes instead of styles: the policy of the page allows no inline style. */
const bar = ({ counts, total }: AreaCounts): ComponentChild => {
  let x = 0;
  const segments = counts.map(([kind, count]) => {
    const width = (BAR_WIDTH * count) / total;
    const place = { x: x.toFixed(2), y: 0, width: width.toFixed(2), height: 1 };
    x += width;
    return h('rect', { class: kind, ...place });
  });
  const box = { viewBox: `0 0 ${BAR_WIDTH} 1`, preserveAspectRatio: 'none' as const };
  return h('svg', { ...box, 'aria-hidden': 'true' }, segments);
};

const row = (one: AreaCounts): ComponentChild => {
  const untested = one.counts.find(([kind]) => kind === 'not_tested')?.[1] ?? 0;
  return h(
    'tr',
    null,
    h('th', { scope: 'row' }, show(one.area)),
    h('td', { class: 'bar' }, bar(one)),
    h('td', null, `${one.total - untested} of ${one.total}`),
    h('td', { class: 'soft' }, describeCounts(one)),
  );
};

const HEADINGS = [
  h('th', { scope: 'col' }, 'Area'),
  h('th', { scope: 'col', class: 'bar' }, 'Results'),
  h('th', { scope: 'col' }, 'Tested'),
  h('th', { scope: 'col' }, 'Counts'),
];

/** A row per area: name, bar, and the numbers in words. */
export const CoverageView = ({ report }: { readonly report: Report }): ComponentChild => {
  const areas = countAreas(report);
  if (areas.length === 0) return null;
  return h(
    'section',
    null,
    h('h2', null, 'Coverage'),
    h('table', null, h('thead', null, h('tr', null, HEADINGS)), h('tbody', null, areas.map(row))),
  );
};

/** Null if nothing has to be fixed. */
export const FirstFixView = ({
  report,
  hrefOf,
}: {
  readonly report: Report;
  readonly hrefOf: (id: string) => string;
}): ComponentChild => {
  const failures = findingsOf(report).filter(isFailure);
  const first = firstToFix(report, failures)?.result;
  if (first === undefined) return null;
  const { id, title, actual, fix } = first;
  const others = failures.length - 1;
  return h(
    'section',
    { class: 'first' },
    h('h2', null, 'Fix first'),
    h('p', null, h('a', { href: hrefOf(id) }, h('code', null, show(id))), ` ${show(title)}`),
    actual === null ? null : h('p', null, show(actual)),
    fix === null ? null : h('p', null, h('strong', null, 'Fix:'), ' ', showWithCode(fix)),
    others === 0 ? null : h('p', { class: 'soft' }, `Then ${others} more.`),
  );
};
