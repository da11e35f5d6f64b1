/**
 * The report as Markdown, fit for the summary of a GitHub job: at most 1 MiB, whatever the exchanges.
 *
 * @module
 */
import type { Report } from '../report.ts';
import { harmless, plainest, requestLines, responseLines, splitCode } from './exchange-text.ts';
import {
  figuresOf,
  findingsOf,
  GRAVITY_WORDS,
  notTestedBy,
  formatCounts,
  formatRun,
  formatVerdict,
  type Finding,
} from './findings.ts';

/** Below the limit of a job summary, 1 MiB, with room for what stands around the findings. */
const MAX_BYTES = 800 * 1024;

/** Text that shows as it is, on one line. */
const inline = (text: string): string =>
  harmless(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_{}[\]()#+!|~<>&:@-]/g, (character) =>
      /[<>&]/.test(character)
        ? { '<': '&lt;', '>': '&gt;', '&': '&amp;' }[character]!
        : `\\${character}`,
    );

const withCode = (text: string): string =>
  splitCode(harmless(text))
    .map(({ isCode, text: part }) => (isCode ? `\`${part}\`` : inline(part)))
    .join('');

/** A block of code; its fence is longer than any in it. */
const fenced = (lines: readonly string[]): string => {
  const text = lines.join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
};

const row = (label: string, text: string | null, write = inline): readonly string[] =>
  text === null || text === '' ? [] : [`- **${label}:** ${write(text)}`];

const explain = ({ result, gravity, known }: Finding): string => {
  const { id, level, title, actual, reason, expected, requirement, diagnosis, fix } = result;
  const shown = plainest(result.exchanges);
  const parts = [
    `### ${GRAVITY_WORDS[gravity]} (${level}) ${inline(id)}`,
    inline(title),
    [
      ...row('Known', known),
      ...row('Found', actual ?? reason),
      ...row('Expected', expected.join(', or ')),
      ...row('Contract', requirement),
      ...row('Likely cause', diagnosis, withCode),
      ...row('How to mend it', fix, withCode),
    ].join('\n'),
  ];
  if (result.reproduce !== null) {
    parts.push('To see it again:', fenced(harmless(result.reproduce).split('\n')));
  }
  if (shown !== null) {
    parts.push(
      '<details><summary>Sent, and what came back</summary>',
      fenced(requestLines(shown.request)),
      fenced(responseLines(shown.response)),
      '</details>',
    );
  }
  return parts.filter((part) => part !== '').join('\n\n');
};

/** As many as fit, and how many do not. */
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
    : [...shown, `${left} more findings do not fit here: see another report.`];
};

const list = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`### ${title}`, lines.map((line) => `- ${line}`).join('\n')];

export const markdown = (report: Report): string => {
  const { target, baseline } = report;
  const groups = notTestedBy(report);
  const parts = [
    `## ${inline(formatVerdict(report))}: ${inline(target)}`,
    `${inline(formatCounts(report))} (${inline(formatRun(report))})`,
    ...list(
      'These pass by now: take them out of the baseline',
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
