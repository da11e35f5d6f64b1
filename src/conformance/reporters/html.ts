/**
 * The report as one self-contained HTML page: every check with its exchanges; no scripts, no external resources. Every
 * interpolated text is escaped by the template.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { html as markup, raw } from 'hono/html';
import type { CheckResult, Report, ReportedExchange } from '../report.ts';
import { harmless, requestLines, responseLines, splitCode } from './exchange-text.ts';
import {
  findingOf,
  findingsOf,
  SEVERITY_LABELS,
  notTestedBy,
  formatRun,
  type Severity,
} from './findings.ts';
import { FILTERS, STYLE } from './html-style.ts';
import { formatCounts, formatNextStep, formatVerdict, toneOf } from './outcome.ts';
import { representable } from './xml-text.ts';

/** A fragment of escaped markup. */
type Markup = ReturnType<typeof markup>;

/** Text that is safe to display and valid in a page. The template escapes it. */
const show = (text: string): string => representable(harmless(text));

const showWithCode = (text: string): readonly (Markup | string)[] =>
  splitCode(show(text)).map(({ isCode, text: part }) =>
    isCode ? markup`<code>${part}</code>` : part,
  );

const LABELS: Readonly<Record<string, string>> = { passed: 'passed', not_tested: 'not tested' };

const kindOf = (report: Report, result: CheckResult): Severity | 'passed' | 'not_tested' =>
  findingOf(report, result)?.severity ?? (result.status === 'pass' ? 'passed' : 'not_tested');

const entry = (
  term: string,
  text: string | null,
  format: (text: string) => unknown = show,
): Markup | null =>
  text === null || text === '' ? null : markup`<dt>${term}</dt><dd>${format(text)}</dd>`;

// HTML parsers drop a line break directly after the tag.
const pre = (text: string): Markup => markup`<pre tabindex="0">\n${representable(text)}</pre>`;

const showExchange = ({ request, response }: ReportedExchange, at: number): readonly Markup[] => [
  markup`<h3>Exchange ${at + 1}</h3><p>Request:</p>${pre(requestLines(request).join('\n'))}`,
  markup`<p>Response:</p>${pre(responseLines(response).join('\n'))}`,
];

const showExchanges = (exchanges: readonly ReportedExchange[]): Markup | null =>
  exchanges.length === 0
    ? null
    : markup`<details><summary>Exchanges (${exchanges.length})</summary>${exchanges.map(showExchange)}</details>`;

const showCheck = (report: Report, result: CheckResult): readonly (Markup | string | null)[] => {
  const kind = kindOf(report, result);
  const known = findingOf(report, result)?.known ?? null;
  const label = LABELS[kind] ?? SEVERITY_LABELS[kind as Severity].toLowerCase();
  const open = ['failed', 'error', 'warning'].includes(kind) ? raw(' open') : '';
  const { id } = result;
  const commands = [...new Set([result.rerun, result.reproduce])].filter((one) => one !== null);
  return [
    markup`<details class="check ${kind}" id="${representable(id)}"${open}>`,
    markup`<summary><span class="word">${label}</span> <span class="soft">${result.level}</span> `,
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
    result.log === null ? null : markup`<p>Log of the receiver:</p>${pre(harmless(result.log))}`,
    ...commands.map((command) => markup`<p>Reproduce:</p>${pre(harmless(command))}`),
    showExchanges(result.exchanges),
    raw('</details>\n'),
  ];
};

const filter = (report: Report): Markup => {
  const count = (kind: string): number =>
    kind === 'all'
      ? report.checks.length
      : report.checks.filter((result) => kindOf(report, result) === kind).length;
  const choices = FILTERS.map(([kind, label]) => {
    const checked = kind === 'all' ? raw(' checked') : '';
    return markup`<label><input type="radio" name="show" id="show-${kind}"${checked}> ${label} (${count(kind)})</label>`;
  });
  return markup`<fieldset><legend>Show</legend>${choices}</fieldset>`;
};

const section = (title: string, lines: readonly (Markup | string)[]): Markup | null => {
  if (lines.length === 0) return null;
  const items = lines.map((line) => markup`<li>${line}</li>`);
  return markup`<section><h2>${title}</h2><ul>${items}</ul></section>\n`;
};

const page = (report: Report): Markup => {
  const findings = findingsOf(report).map(({ result }) => result);
  const others = report.checks.filter((result) => !findings.includes(result));
  const stale = (report.baseline?.stale ?? []).map(
    ({ id, reason }) => markup`<code>${show(id)}</code> (${show(reason)})`,
  );
  const untested = notTestedBy(report).map(({ reason, ids }) => `${ids.length}: ${show(reason)}`);
  const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
  const { tool, started_at: started } = report;
  const verdict = show(formatVerdict(report));
  const target = show(report.target);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${raw(policy)}">
<title>${verdict}: ${target}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header>
<h1><span class="verdict ${toneOf(report)}">${verdict}</span>: ${target}</h1>
<p>${show(`${formatCounts(report)} ${formatNextStep(report)}`.trim())}</p>
<p class="soft">${show(tool.name)} ${show(tool.version)}, ${show(started)}, ${show(formatRun(report))}</p>
</header>
<main>
${section('These checks pass now: remove them from the baseline', stale)}<h2>Checks</h2>
${filter(report)}
${[...findings, ...others].map((result) => showCheck(report, result))}${section('How to run the other checks', untested)}</main>
</body>
</html>
`;
};

/** Render the report as an HTML page. */
export const html = (report: Report): string => String(page(report));
