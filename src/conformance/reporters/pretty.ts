/**
 * The terminal report: findings by severity, untested checks with reasons, counts, verdict.
 *
 * @module
 */
import type { CheckResult, Report } from '../report.ts';
import { harmless, onOneLine, plainest, requestLines, responseLines } from './exchange-text.ts';
import {
  figuresOf,
  findingsOf,
  SEVERITY_LABELS,
  notTestedBy,
  formatCounts,
  formatRun,
  formatVerdict,
  type Finding,
  type Severity,
} from './findings.ts';

export type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'bold' | 'dim';

/** Color a text, or return it unchanged. */
export type Paint = (colour: Colour, text: string) => string;

const COLOURS: Readonly<Record<Severity, Colour>> = {
  failed: 'red',
  error: 'red',
  warning: 'yellow',
  note: 'cyan',
  known: 'dim',
};

const LABEL_WIDTH = 13;
/** Lines shown of a request and of a response. */
const MAX_LINES = 16;
/** Characters shown of one line; other report formats have the rest. */
const MAX_CHARACTERS = 600;

const shorten = (line: string): string =>
  line.length <= MAX_CHARACTERS
    ? line
    : `${line.slice(0, MAX_CHARACTERS)}… (${line.length - MAX_CHARACTERS} more characters)`;

const cut = (lines: readonly string[]): readonly string[] => [
  ...lines.slice(0, MAX_LINES).map(shorten),
  ...(lines.length > MAX_LINES ? [`… (${lines.length - MAX_LINES} more lines)`] : []),
];

const block = (label: string, lines: readonly string[], paint: Paint): readonly string[] =>
  lines.map((line, at) =>
    `  ${paint('dim', (at === 0 ? label : '').padEnd(LABEL_WIDTH))}${line}`.trimEnd(),
  );

const entry = (label: string, text: string | null, paint: Paint): readonly string[] =>
  text === null ? [] : block(label, harmless(text).split('\n'), paint);

const explain = (result: CheckResult, paint: Paint): readonly string[] => {
  const { status, reason, expected, actual, requirement, diagnosis, fix, reproduce } = result;
  if (status === 'error') return entry('error', reason, paint);
  const shown = plainest(result.exchanges);
  return [
    ...entry('actual', actual, paint),
    ...entry('expected', expected.join(', or ') || null, paint),
    ...(shown === null
      ? []
      : [
          ...block('request', cut(requestLines(shown.request)), paint),
          ...block('response', cut(responseLines(shown.response)), paint),
        ]),
    ...entry('requirement', requirement, paint),
    ...entry('cause', diagnosis, paint),
    ...entry('fix', fix, paint),
    ...entry('reproduce', reproduce, paint),
  ];
};

const formatFinding = ({ result, severity, known }: Finding, paint: Paint): readonly string[] => {
  const head = `${SEVERITY_LABELS[severity].padEnd(8)}${result.level.padEnd(7)}${result.id}`;
  const title = `${paint(COLOURS[severity], head)}  ${paint('bold', onOneLine(result.title))}`;
  // Known failures are listed without remediation.
  return known === null
    ? [title, ...explain(result, paint), '']
    : [title, ...entry('known', known, paint), ...entry('actual', result.actual, paint), ''];
};

const formatNotTested = (report: Report, paint: Paint): readonly string[] => {
  const groups = notTestedBy(report);
  if (groups.length === 0) return [];
  const lines = groups.flatMap(({ reason, ids }) => [
    `  ${String(ids.length).padStart(3)}  ${onOneLine(reason)}`,
    `       ${paint('dim', ids.join(' '))}`,
  ]);
  return [paint('bold', 'Not tested:'), ...lines, ''];
};

const formatFigures = (report: Report): readonly string[] => {
  const lines = figuresOf(report).map(({ id, reason }) => `  ${id}: ${onOneLine(reason ?? '')}`);
  return lines.length === 0 ? [] : ['Figures:', ...lines, ''];
};

const formatStale = ({ baseline }: Report, paint: Paint): readonly string[] => {
  const lines = (baseline?.stale ?? []).map(({ id, reason }) => `  ${id} (${onOneLine(reason)})`);
  const title = 'These checks pass now: remove them from the baseline.';
  return lines.length === 0 ? [] : [paint('red', title), ...lines, ''];
};

const VERDICT_COLOURS = {
  conformant: 'green',
  not_conformant: 'red',
  inconclusive: 'yellow',
} as const;

const plain: Paint = (_colour, text) => text;

/** @param paint colors; plain text by default */
export const pretty = (report: Report, paint: Paint = plain): string => {
  const lines = [
    ...findingsOf(report).flatMap((finding) => formatFinding(finding, paint)),
    ...formatNotTested(report, paint),
    ...formatFigures(report),
    ...formatStale(report, paint),
    `${formatCounts(report)} (${formatRun(report)})`,
    `${paint(VERDICT_COLOURS[report.summary.verdict], formatVerdict(report))}: ${onOneLine(report.target)}`,
  ];
  return `${lines.join('\n')}\n`;
};
