/**
 * A report as people read it: the HTML report renders it once, the inspector renders the same view live.
 *
 * @module
 */
import { h, type ComponentChild } from 'preact';
import type { Report } from '../report.ts';
import { findingsOf, formatRun, notTestedBy } from '../reporters/findings.ts';
import { formatCounts, formatNextStep, formatVerdict, toneOf } from '../reporters/outcome.ts';
import { CheckView, FindingsView } from './check.ts';
import { FILTERS, kindOf } from './kinds.ts';
import { CoverageView, FirstFixView } from './summary.ts';
import { show, type Rendering } from './text.ts';

const Filter = ({ report }: { readonly report: Report }): ComponentChild => {
  const count = (kind: string): number =>
    kind === 'all'
      ? report.checks.length
      : report.checks.filter((result) => kindOf(report, result) === kind).length;
  const choices = FILTERS.map(([kind, name]) =>
    h(
      'label',
      null,
      h('input', {
        type: 'radio',
        name: 'show',
        id: `show-${kind}`,
        defaultChecked: kind === 'all',
      }),
      ` ${name} (${count(kind)})`,
    ),
  );
  return h('fieldset', null, h('legend', null, 'Show'), choices);
};

const list = (
  title: string,
  lines: readonly (ComponentChild | ComponentChild[])[],
): ComponentChild =>
  lines.length === 0
    ? null
    : h(
        'section',
        null,
        h('h2', null, title),
        h(
          'ul',
          null,
          lines.map((line) => h('li', null, line)),
        ),
      );

/** The verdict as a phrase, coloured. */
export const VerdictView = ({ report }: { readonly report: Report }): ComponentChild =>
  h('span', { class: `verdict ${toneOf(report)}` }, show(formatVerdict(report)));

/** Counts, what to test next, and the run. */
export const OutcomeView = ({ report }: { readonly report: Report }): ComponentChild => {
  const { tool, started_at: started } = report;
  const run = [`${tool.name} ${tool.version}`, started, formatRun(report)].map(show).join(', ');
  return h(
    'div',
    null,
    h('p', null, show(`${formatCounts(report)} ${formatNextStep(report)}`.trim())),
    h('p', { class: 'soft' }, run),
  );
};

/** Everything below the heading. */
export const ReportView = ({
  report,
  rendering,
}: {
  readonly report: Report;
  readonly rendering: Rendering;
}): ComponentChild => {
  const findings = findingsOf(report);
  const found = new Set(findings.map(({ result }) => result));
  const others = report.checks.filter((result) => !found.has(result));
  const stale = (report.baseline?.stale ?? []).map(({ id, reason }) => [
    h('code', null, show(id)),
    ` (${show(reason)})`,
  ]);
  const untested = notTestedBy(report).map(({ reason, ids }) => `${ids.length}: ${show(reason)}`);
  return h(
    'div',
    { class: 'report' },
    h(FirstFixView, { report, hrefOf: rendering.hrefOf }),
    h(CoverageView, { report }),
    list('These checks pass now: remove them from the baseline', stale),
    h('h2', null, 'Checks'),
    h(Filter, { report }),
    h(FindingsView, { report, findings, rendering }),
    others.map((result) => h(CheckView, { key: result.id, report, result, rendering })),
    list('How to run the other checks', untested),
  );
};
