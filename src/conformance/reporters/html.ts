/**
 * The report as one self-contained HTML page: every check with its exchanges; no scripts, no external resources.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { CheckResult, Report, ReportedExchange } from '../report.ts';
import { harmless, requestLines, responseLines, splitCode } from './exchange-text.ts';
import {
  findingOf,
  findingsOf,
  SEVERITY_LABELS,
  notTestedBy,
  formatCounts,
  formatRun,
  formatVerdict,
  type Severity,
} from './findings.ts';
import { FILTERS, STYLE } from './html-style.ts';
import { escapeMarkup } from './xml-text.ts';

const show = (text: string): string => escapeMarkup(harmless(text));

const showWithCode = (text: string): string =>
  splitCode(harmless(text))
    .map(({ isCode, text: part }) =>
      isCode ? `<code>${escapeMarkup(part)}</code>` : escapeMarkup(part),
    )
    .join('');

const LABELS: Readonly<Record<string, string>> = { passed: 'passed', not_tested: 'not tested' };

const kindOf = (report: Report, result: CheckResult): Severity | 'passed' | 'not_tested' =>
  findingOf(report, result)?.severity ?? (result.status === 'pass' ? 'passed' : 'not_tested');

const entry = (term: string, text: string | null, write = show): string =>
  text === null || text === '' ? '' : `<dt>${term}</dt><dd>${write(text)}</dd>`;

// HTML parsers drop a line break directly after the tag.
const pre = (text: string): string => `<pre tabindex="0">\n${escapeMarkup(text)}</pre>`;

const showExchange = ({ request, response }: ReportedExchange, at: number): string =>
  `<h3>Exchange ${at + 1}</h3><p>Request:</p>${pre(requestLines(request).join('\n'))}` +
  `<p>Response:</p>${pre(responseLines(response).join('\n'))}`;

const showCheck = (report: Report, result: CheckResult): string => {
  const kind = kindOf(report, result);
  const known = findingOf(report, result)?.known ?? null;
  const word = LABELS[kind] ?? SEVERITY_LABELS[kind as Severity].toLowerCase();
  const open = ['failed', 'error', 'warning'].includes(kind) ? ' open' : '';
  const { exchanges, reproduce } = result;
  return [
    `<details class="check ${kind}" id="${escapeMarkup(result.id)}"${open}>`,
    `<summary><span class="word">${word}</span> <span class="soft">${result.level}</span> `,
    `<code>${show(result.id)}</code> ${show(result.title)}</summary><dl>`,
    entry('Known', known),
    entry('Actual', result.actual),
    entry(kind === 'passed' ? 'Remark' : 'Reason', result.reason),
    entry('Expected', result.expected.join(', or ')),
    entry('Requirement', result.requirement),
    entry('Cause', result.diagnosis, showWithCode),
    entry('Fix', result.fix, showWithCode),
    '</dl>',
    reproduce === null ? '' : `<p>Reproduce:</p>${pre(harmless(reproduce))}`,
    exchanges.length === 0
      ? ''
      : `<details><summary>Exchanges (${exchanges.length})</summary>${exchanges.map(showExchange).join('')}</details>`,
    '</details>\n',
  ].join('');
};

const filter = (report: Report): string => {
  const count = (kind: string): number =>
    kind === 'all'
      ? report.checks.length
      : report.checks.filter((result) => kindOf(report, result) === kind).length;
  const choices = FILTERS.map(
    ([kind, label]) =>
      `<label><input type="radio" name="show" id="show-${kind}"${kind === 'all' ? ' checked' : ''}> ${label} (${count(kind)})</label>`,
  );
  return `<fieldset><legend>Show</legend>${choices.join('')}</fieldset>`;
};

const section = (title: string, lines: readonly string[]): string =>
  lines.length === 0
    ? ''
    : `<section><h2>${title}</h2><ul>${lines.map((line) => `<li>${line}</li>`).join('')}</ul></section>\n`;

export const html = (report: Report): string => {
  const findings = findingsOf(report).map(({ result }) => result);
  const others = report.checks.filter((result) => !findings.includes(result));
  const stale = (report.baseline?.stale ?? []).map(
    ({ id, reason }) => `<code>${show(id)}</code> (${show(reason)})`,
  );
  const untested = notTestedBy(report).map(({ reason, ids }) => `${ids.length}: ${show(reason)}`);
  const digest = createHash('sha256').update(STYLE).digest('base64');
  const { tool, started_at: started, target, summary } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${digest}'">
<title>${show(formatVerdict(report))}: ${show(target)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1><span class="verdict ${summary.verdict}">${show(formatVerdict(report))}</span>: ${show(target)}</h1>
<p>${show(formatCounts(report))}</p>
<p class="soft">${show(tool.name)} ${show(tool.version)}, ${show(started)}, ${show(formatRun(report))}</p>
</header>
<main>
${section('These checks pass now: remove them from the baseline', stale)}<h2>Checks</h2>
${filter(report)}
${[...findings, ...others].map((result) => showCheck(report, result)).join('')}${section('How to run the other checks', untested)}</main>
</body>
</html>
`;
};
