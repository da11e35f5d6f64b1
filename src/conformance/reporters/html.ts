/**
 * The report as one self-contained HTML page: every check with its exchanges; no external resources. Every interpolated
 * text is escaped by the template. Its only script adds buttons that copy a block, and is named by its digest in the
 * page's policy: a script from a receiver would not run even if it got into the page.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { html as markup, raw } from 'hono/html';
import type { Report } from '../report.ts';
import { findingsOf, notTestedBy, formatRun } from './findings.ts';
import { kindOf, showCheck, showFindings } from './html-check.ts';
import { SCRIPT } from './html-script.ts';
import { FILTERS, STYLE } from './html-style.ts';
import { showAreas, showFirstFix } from './html-summary.ts';
import { show, type Markup } from './html-text.ts';
import { formatCounts, formatNextStep, formatVerdict, toneOf } from './outcome.ts';

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

const digestOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const POLICY = `default-src 'none'; style-src ${digestOf(STYLE)}; script-src ${digestOf(SCRIPT)}`;

const page = (report: Report): Markup => {
  const findings = findingsOf(report);
  const found = new Set(findings.map(({ result }) => result));
  const others = report.checks.filter((result) => !found.has(result));
  const stale = (report.baseline?.stale ?? []).map(
    ({ id, reason }) => markup`<code>${show(id)}</code> (${show(reason)})`,
  );
  const untested = notTestedBy(report).map(({ reason, ids }) => `${ids.length}: ${show(reason)}`);
  const { tool, started_at: started } = report;
  const verdict = show(formatVerdict(report));
  const target = show(report.target);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${raw(POLICY)}">
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
${showFirstFix(report)}${showAreas(report)}${section('These checks pass now: remove them from the baseline', stale)}<h2>Checks</h2>
${filter(report)}
${showFindings(report, findings)}${others.map((result) => showCheck(report, result))}${section('How to run the other checks', untested)}</main>
<script>${raw(SCRIPT)}</script>
</body>
</html>
`;
};

/** Render the report as an HTML page. */
export const html = (report: Report): string => String(page(report));
