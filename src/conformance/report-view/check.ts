/**
 * One check in the view, and findings with one cause together.
 *
 * @module
 */
import { Fragment, h, type ComponentChild } from 'preact';
import type { CheckResult, Report, ReportedExchange } from '../report.ts';
import { harmless, requestLines, responseLines } from '../reporters/exchange-text.ts';
import { findingOf, type Finding } from '../reporters/findings.ts';
import { representable } from '../reporters/xml-text.ts';
import { kindOf, labelOf } from './kinds.ts';
import { show, showWithCode, type RenderCode, type Rendering } from './text.ts';

type Format = (text: string) => ComponentChild | ComponentChild[];

const entry = (term: string, text: string | null, format: Format = show): ComponentChild =>
  text === null || text === ''
    ? null
    : h(Fragment, null, h('dt', null, term), h('dd', null, format(text)));

const label = (text: string): ComponentChild => h('p', { class: 'label' }, text);

const showExchange = (
  { request, response }: ReportedExchange,
  at: number,
  code: RenderCode,
): ComponentChild =>
  h(
    Fragment,
    null,
    label(`Request ${at + 1}`),
    code(requestLines(request).join('\n')),
    label(`Response ${at + 1}`),
    code(responseLines(response).join('\n')),
  );

const showExchanges = (exchanges: readonly ReportedExchange[], code: RenderCode): ComponentChild =>
  exchanges.length === 0
    ? null
    : h(
        'details',
        null,
        h('summary', null, `Exchanges (${exchanges.length})`),
        exchanges.map((one, at) => showExchange(one, at, code)),
      );

const showFacts = (report: Report, result: CheckResult): ComponentChild =>
  h(
    'dl',
    null,
    entry('Known', findingOf(report, result)?.known ?? null),
    entry('Actual', result.actual),
    entry(kindOf(report, result) === 'passed' ? 'Remark' : 'Reason', result.reason),
    entry('Expected', result.expected.join(', or ')),
    entry('Requirement', result.requirement),
    entry('Cause', result.diagnosis, showWithCode),
    entry('Decides', result.decides.join(', ')),
    entry('Fix', result.fix, showWithCode),
  );

/** Findings are open, so that they can be read and printed without a click. */
const isOpen = (kind: string): boolean => ['failed', 'error', 'warning'].includes(kind);

/** Where wrong and right code is: a link if the page of the check is served, else the command that prints it. */
const showExamples = (
  { id, explain }: CheckResult,
  { pageOf, code }: Rendering,
): ComponentChild => {
  if (pageOf !== undefined) {
    return h('p', { class: 'label' }, h('a', { href: pageOf(id) }, 'Wrong and right code'));
  }
  return explain === null ? null : [label('Wrong and right code'), code(explain)];
};

export const CheckView = ({
  report,
  result,
  rendering,
}: {
  readonly report: Report;
  readonly result: CheckResult;
  readonly rendering: Rendering;
}): ComponentChild => {
  const kind = kindOf(report, result);
  const { code } = rendering;
  const { id, log } = result;
  const commands = [...new Set([result.rerun, result.reproduce])].filter((one) => one !== null);
  return h(
    'details',
    { class: `check ${kind}`, id: representable(id), open: isOpen(kind) },
    h(
      'summary',
      null,
      h('span', { class: 'word' }, labelOf(kind)),
      ' ',
      h('span', { class: 'soft' }, result.level),
      ' ',
      h('code', null, show(id)),
      ` ${show(result.title)}`,
    ),
    showFacts(report, result),
    log === null ? null : [label('Log of the receiver'), code(harmless(log))],
    kind === 'passed' || kind === 'not_tested' ? null : showExamples(result, rendering),
    commands.map((command) => h(Fragment, null, label('Reproduce'), code(harmless(command)))),
    showExchanges(result.exchanges, code),
  );
};

/** Findings by cause: those with the same one together, in the order of the worst of each. */
const byCause = (findings: readonly Finding[]): readonly (readonly Finding[])[] => {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const { id, diagnosis } = finding.result;
    const cause = diagnosis ?? id;
    groups.set(cause, [...(groups.get(cause) ?? []), finding]);
  }
  return [...groups.values()];
};

/** All findings, worst first, those with one cause together. */
export const FindingsView = ({
  report,
  findings,
  rendering,
}: {
  readonly report: Report;
  readonly findings: readonly Finding[];
  readonly rendering: Rendering;
}): ComponentChild =>
  h(
    Fragment,
    null,
    byCause(findings).map((group) => {
      const shown = group.map(({ result }) =>
        h(CheckView, { key: result.id, report, result, rendering }),
      );
      const cause = group[0]?.result.diagnosis ?? null;
      if (group.length === 1 || cause === null) return shown;
      const heading = h('h3', null, `One cause, ${group.length} findings: `, showWithCode(cause));
      return h('section', { class: 'group' }, heading, shown);
    }),
  );
