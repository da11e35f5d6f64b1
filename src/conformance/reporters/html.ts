/**
 * The report as one self-contained page: every check with its exchanges; no script, nothing from elsewhere.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { CheckResult, Report, ReportedExchange } from '../report.ts';
import { harmless, requestLines, responseLines, splitCode } from './exchange-text.ts';
import {
  findingOf,
  findingsOf,
  GRAVITY_WORDS,
  notTestedBy,
  formatCounts,
  formatRun,
  formatVerdict,
  type Gravity,
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

const WORDS: Readonly<Record<string, string>> = { pass: 'pass', not_tested: 'not tested' };

const kindOf = (report: Report, result: CheckResult): Gravity | 'pass' | 'not_tested' =>
  findingOf(report, result)?.gravity ?? (result.status === 'pass' ? 'pass' : 'not_tested');

const entry = (term: string, text: string | null, write = show): string =>
  text === null || text === '' ? '' : `<dt>${term}</dt><dd>${write(text)}</dd>`;

// A line end directly after the tag is dropped by readers.
const pre = (text: string): string => `<pre tabindex="0">\n${escapeMarkup(text)}</pre>`;

const showExchange = ({ request, response }: ReportedExchange, at: number): string =>
  `<h3>Exchange ${at + 1}</h3><p>Sent:</p>${pre(requestLines(request).join('\n'))}` +
  `<p>Came back:</p>${pre(responseLines(response).join('\n'))}`;

const showCheck = (report: Report, result: CheckResult): string => {
  const kind = kindOf(report, result);
  const known = findingOf(report, result)?.known ?? null;
  const word = WORDS[kind] ?? GRAVITY_WORDS[kind as Gravity].toLowerCase();
  const open = ['failure', 'error', 'warning'].includes(kind) ? ' open' : '';
  const { exchanges, reproduce } = result;
  return [
    `<details class="check ${kind}" id="${escapeMarkup(result.id)}"${open}>`,
    `<summary><span class="word">${word}</span> <span class="soft">${result.level}</span> `,
    `<code>${show(result.id)}</code> ${show(result.title)}</summary><dl>`,
    entry('Known', known),
    entry('Found', result.actual),
    entry(kind === 'pass' ? 'Remark' : 'Reason', result.reason),
    entry('Expected', result.expected.join(', or ')),
    entry('Contract', result.requirement),
    entry('Likely cause', result.diagnosis, showWithCode),
    entry('How to mend it', result.fix, showWithCode),
    '</dl>',
    reproduce === null ? '' : `<p>To see it again:</p>${pre(harmless(reproduce))}`,
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
${section('These pass by now: take them out of the baseline', stale)}<h2>Checks</h2>
${filter(report)}
${[...findings, ...others].map((result) => showCheck(report, result)).join('')}${section('What would make the rest testable', untested)}</main>
</body>
</html>
`;
};
