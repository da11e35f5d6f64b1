/**
 * The Markdown report, sized for a GitHub job summary: at most 1 MiB, whatever the exchanges.
 *
 * @module
 */
import type { Report } from '../report.ts';
import { harmless, plainest, requestLines, responseLines, splitCode } from './exchange-text.ts';
import {
  figuresOf,
  findingsOf,
  SEVERITY_LABELS,
  notTestedBy,
  formatRun,
  type Finding,
} from './findings.ts';
import { formatCounts, formatNextStep, formatVerdict } from './outcome.ts';

/** Limit for all findings, below the 1 MiB of a job summary to leave room for the rest. */
const MAX_BYTES = 800 * 1024;

/** Characters that mean something wherever they stand. */
const ALWAYS = /[\\`*~]/g;
/** What would begin or end an element, a link, a mention or an entity where it stands. */
const IN_PLACE =
  /(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|\](?=[([:])|\[(?=\^)|#(?=\d)|@(?=[\w-])|:(?=\/\/|[\w+-]+:)|<(?=[a-z/!?])|&(?=#|\w+;)/giu;
/** What would begin a block at the start of a line. */
const AT_START = /^(?:[#+=>|-]|\d{1,9}(?=[.)]))/;

const ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '&': '&amp;' };

const escapeStart = (start: string): string =>
  /^\d/.test(start) ? `${start}\\` : start === '>' ? '&gt;' : `\\${start}`;

/** Escape text so that it renders literally, on one line. Only what would mean something is escaped. */
const inline = (text: string): string =>
  harmless(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(ALWAYS, String.raw`\$&`)
    .replaceAll(IN_PLACE, (character) => ENTITIES[character] ?? `\\${character}`)
    .replace(AT_START, escapeStart);

const withCode = (text: string): string =>
  splitCode(harmless(text))
    .map(({ isCode, text: part }) => (isCode ? `\`${part}\`` : inline(part)))
    .join('');

/** A code block with a fence longer than any run of backticks in it. */
const fenced = (lines: readonly string[]): string => {
  const text = lines.join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
};

const row = (label: string, text: string | null, write = inline): readonly string[] =>
  text === null || text === '' ? [] : [`- **${label}:** ${write(text)}`];

const explain = ({ result, severity, known }: Finding): string => {
  const { id, level, title, actual, reason, expected, requirement, diagnosis, fix } = result;
  const shown = plainest(result.exchanges);
  const parts = [
    `### ${SEVERITY_LABELS[severity]} (${level}) ${inline(id)}`,
    inline(title),
    [
      ...row('Known', known),
      ...row('Actual', actual ?? reason),
      ...row('Expected', expected.join(', or ')),
      ...row('Requirement', requirement),
      ...row('Cause', diagnosis, withCode),
      ...row('Decides', result.decides.join(', ')),
      ...row('Fix', fix, withCode),
    ].join('\n'),
  ];
  for (const command of new Set([result.rerun, result.reproduce])) {
    if (command !== null) parts.push('Reproduce:', fenced(harmless(command).split('\n')));
  }
  if (result.log !== null)
    parts.push('Log of the receiver:', fenced(harmless(result.log).split('\n')));
  if (shown !== null) {
    parts.push(
      '<details><summary>Request and response</summary>',
      fenced(requestLines(shown.request)),
      fenced(responseLines(shown.response)),
      '</details>',
    );
  }
  return parts.filter((part) => part !== '').join('\n\n');
};

/** As many findings as fit, and a line with the number of omitted ones. */
const explainAll = (report: Report): readonly string[] => {
  const shown: string[] = [];
  let bytes = 0;
  const findings = findingsOf(report);
  for (const finding of findings) {
    const text = explain(finding);
    bytes += Buffer.byteLength(text) + 2;
    if (bytes > MAX_BYTES) break;
    shown.push(text);
  }
  const left = findings.length - shown.length;
  return left === 0
    ? shown
    : [...shown, `${left} more findings are omitted here: use another report format.`];
};

const list = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`### ${title}`, lines.map((line) => `- ${line}`).join('\n')];

export const markdown = (report: Report): string => {
  const { target, baseline } = report;
  const groups = notTestedBy(report);
  const parts = [
    `## ${inline(formatVerdict(report))}: ${inline(target)}`,
    [formatCounts(report), formatNextStep(report), `(${formatRun(report)})`]
      .filter((part) => part !== '')
      .map((part) => inline(part))
      .join(' '),
    ...list(
      'These checks pass now: remove them from the baseline',
      (baseline?.stale ?? []).map(({ id, reason }) => `${inline(id)} (${inline(reason)})`),
    ),
    ...explainAll(report),
    ...list(
      'Not tested',
      groups.map(
        ({ reason, ids }) => `${ids.length}: ${inline(reason)} ${inline(`(${ids.join(', ')})`)}`,
      ),
    ),
    ...list(
      'Figures',
      figuresOf(report).map(({ id, reason }) => `${inline(id)}: ${inline(reason ?? '')}`),
    ),
  ];
  return `${parts.join('\n\n')}\n`;
};
