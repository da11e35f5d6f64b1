/**
 * One check in the HTML report, and findings with one cause together.
 *
 * @module
 */
import { html as markup, raw } from 'hono/html';
import type { CheckResult, Report, ReportedExchange } from '../report.ts';
import { harmless, requestLines, responseLines } from './exchange-text.ts';
import { findingOf, SEVERITY_LABELS, type Finding, type Severity } from './findings.ts';
import { pre, show, showWithCode, type Markup } from './html-text.ts';
import { representable } from './xml-text.ts';

/** Result of a check, as the filter and the bars name it. */
export type Kind = Severity | 'passed' | 'not_tested';

const LABELS: Readonly<Record<string, string>> = { passed: 'passed', not_tested: 'not tested' };

export const labelOf = (kind: Kind): string =>
  LABELS[kind] ?? SEVERITY_LABELS[kind as Severity].toLowerCase();

export const kindOf = (report: Report, result: CheckResult): Kind =>
  findingOf(report, result)?.severity ?? (result.status === 'pass' ? 'passed' : 'not_tested');

const entry = (
  term: string,
  text: string | null,
  format: (text: string) => unknown = show,
): Markup | null =>
  text === null || text === '' ? null : markup`<dt>${term}</dt><dd>${format(text)}</dd>`;

const showExchange = ({ request, response }: ReportedExchange, at: number): readonly Markup[] => [
  markup`<p class="label">Request ${at + 1}</p>${pre(requestLines(request).join('\n'))}`,
  markup`<p class="label">Response ${at + 1}</p>${pre(responseLines(response).join('\n'))}`,
];

const showExchanges = (exchanges: readonly ReportedExchange[]): Markup | null =>
  exchanges.length === 0
    ? null
    : markup`<details><summary>Exchanges (${exchanges.length})</summary>${exchanges.map(showExchange)}</details>`;

const showLog = (log: string | null): Markup | null =>
  log === null ? null : markup`<p class="label">Log of the receiver</p>${pre(harmless(log))}`;

export const showCheck = (
  report: Report,
  result: CheckResult,
): readonly (Markup | string | null)[] => {
  const kind = kindOf(report, result);
  const known = findingOf(report, result)?.known ?? null;
  const open = ['failed', 'error', 'warning'].includes(kind) ? raw(' open') : '';
  const { id } = result;
  const commands = [...new Set([result.rerun, result.reproduce])].filter((one) => one !== null);
  return [
    markup`<details class="check ${kind}" id="${representable(id)}"${open}>`,
    markup`<summary><span class="word">${labelOf(kind)}</span> <span class="soft">${result.level}</span> `,
    markup`<code>${show(id)}</code> ${show(result.title)}</summary><dl>`,
    entry('Known', known),
    entry('Actual', result.actual),
    entry(kind === 'passed' ? 'Remark' : 'Reason', result.reason),
    entry('Expected', result.expected.join(', or ')),
    entry('Requirement', result.requirement),
    entry('Cause', result.diagnosis, showWithCode),
    entry('Decides', result.decides.join(', ')),
    entry('Fix', result.fix, showWithCode),
    raw('</dl>'),
    showLog(result.log),
    result.explain === null
      ? null
      : markup`<p class="label">Wrong and right code</p>${pre(result.explain)}`,
    ...commands.map((command) => markup`<p class="label">Reproduce</p>${pre(harmless(command))}`),
    showExchanges(result.exchanges),
    raw('</details>\n'),
  ];
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

const showGroup = (report: Report, group: readonly Finding[]) => {
  const shown = group.map(({ result }) => showCheck(report, result));
  const [first] = group;
  const cause = first?.result.diagnosis ?? null;
  if (group.length === 1 || cause === null) return shown;
  return markup`<section class="group"><h3>One cause, ${group.length} findings: ${showWithCode(cause)}</h3>
${shown}</section>\n`;
};

/** All findings, worst first, those with one cause together. */
export const showFindings = (report: Report, findings: readonly Finding[]) =>
  byCause(findings).map((group) => showGroup(report, group));
