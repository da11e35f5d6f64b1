/**
 * Summary of the HTML report: a bar per area, and the finding to fix first.
 *
 * @module
 */
import { html as markup, raw } from 'hono/html';
import type { Report } from '../report.ts';
import { findingsOf } from './findings.ts';
import { firstToFix, isFailure } from './first-fix.ts';
import { kindOf, labelOf, type Kind } from './html-check.ts';
import { show, showWithCode, type Markup } from './html-text.ts';
import { representable } from './xml-text.ts';

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
const bar = ({ counts, total }: AreaCounts): Markup => {
  let x = 0;
  const segments = counts.map(([kind, count]) => {
    const width = (BAR_WIDTH * count) / total;
    const segment = markup`<rect class="${kind}" x="${x.toFixed(2)}" y="0" width="${width.toFixed(2)}" height="1"></rect>`;
    x += width;
    return segment;
  });
  return markup`<svg viewBox="0 0 ${BAR_WIDTH} 1" preserveAspectRatio="none" aria-hidden="true">${segments}</svg>`;
};

/** A row per area: name, bar, and the numbers in words. */
export const showAreas = (report: Report): Markup | null => {
  const areas = countAreas(report);
  if (areas.length === 0) return null;
  const rows = areas.map((one) => {
    const untested = one.counts.find(([kind]) => kind === 'not_tested')?.[1] ?? 0;
    return markup`<tr><th scope="row">${show(one.area)}</th><td class="bar">${bar(one)}</td><td>${one.total - untested} of ${one.total}</td><td class="soft">${describeCounts(one)}</td></tr>\n`;
  });
  return markup`<section><h2>Coverage</h2><table><thead><tr><th scope="col">Area</th><th scope="col" class="bar">Results</th><th scope="col">Tested</th><th scope="col">Counts</th></tr></thead><tbody>
${rows}</tbody></table></section>\n`;
};

/** Null if nothing has to be fixed. */
export const showFirstFix = (report: Report): Markup | null => {
  const failures = findingsOf(report).filter(isFailure);
  const first = firstToFix(failures)?.result;
  if (first === undefined) return null;
  const { id, title, actual, fix } = first;
  const more =
    failures.length === 1 ? '' : markup`<p class="soft">Then ${failures.length - 1} more.</p>`;
  return markup`<section class="first"><h2>Fix first</h2>
<p><a href="#${representable(id)}"><code>${show(id)}</code></a> ${show(title)}</p>
${actual === null ? '' : markup`<p>${show(actual)}</p>`}
${fix === null ? '' : markup`<p>${raw('<strong>Fix:</strong>')} ${showWithCode(fix)}</p>`}${more}</section>\n`;
};
