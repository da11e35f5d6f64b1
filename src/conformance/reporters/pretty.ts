/**
 * The report for a terminal: findings worst first, what was not tested and why, counts, verdict.
 *
 * @module
 */
import type { CheckResult, Report } from '../report.ts';
import { harmless, onOneLine, plainest, requestLines, responseLines } from './exchange-text.ts';
import {
  figuresOf,
  findingsOf,
  GRAVITY_WORDS,
  notTestedBy,
  formatCounts,
  formatRun,
  formatVerdict,
  type Finding,
  type Gravity,
} from './findings.ts';

export type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'bold' | 'dim';

/** Colours a text, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

const COLOURS: Readonly<Record<Gravity, Colour>> = {
  failure: 'red',
  error: 'red',
  warning: 'yellow',
  note: 'cyan',
  known: 'dim',
};

const LABEL_WIDTH = 13;
/** Lines of a body or of headers that are shown of each side. */
const MAX_LINES = 16;
/** Characters of one line; the rest is in the other reports. */
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

const said = (label: string, text: string | null, paint: Paint): readonly string[] =>
  text === null ? [] : block(label, harmless(text).split('\n'), paint);

const explain = (result: CheckResult, paint: Paint): readonly string[] => {
  const { status, reason, expected, actual, requirement, diagnosis, fix, reproduce } = result;
  if (status === 'error') return said('trouble', reason, paint);
  const shown = plainest(result.exchanges);
  return [
    ...said('found', actual, paint),
    ...said('expected', expected.join(', or ') || null, paint),
    ...(shown === null
      ? []
      : [
          ...block('sent', cut(requestLines(shown.request)), paint),
          ...block('came back', cut(responseLines(shown.response)), paint),
        ]),
    ...said('contract', requirement, paint),
    ...said('likely cause', diagnosis, paint),
    ...said('how to mend', fix, paint),
    ...said('see again', reproduce, paint),
  ];
};

const tellFinding = ({ result, gravity, known }: Finding, paint: Paint): readonly string[] => {
  const head = `${GRAVITY_WORDS[gravity].padEnd(6)}${result.level.padEnd(7)}${result.id}`;
  const title = `${paint(COLOURS[gravity], head)}  ${paint('bold', onOneLine(result.title))}`;
  // What is known needs no lesson.
  return known === null
    ? [title, ...explain(result, paint), '']
    : [title, ...said('known', known, paint), ...said('found', result.actual, paint), ''];
};

const tellNotTested = (report: Report, paint: Paint): readonly string[] => {
  const groups = notTestedBy(report);
  if (groups.length === 0) return [];
  const lines = groups.flatMap(({ reason, ids }) => [
    `  ${String(ids.length).padStart(3)}  ${onOneLine(reason)}`,
    `       ${paint('dim', ids.join(' '))}`,
  ]);
  return [paint('bold', 'Not tested:'), ...lines, ''];
};

const tellFigures = (report: Report): readonly string[] => {
  const lines = figuresOf(report).map(({ id, reason }) => `  ${id}: ${onOneLine(reason ?? '')}`);
  return lines.length === 0 ? [] : ['Figures:', ...lines, ''];
};

const tellStale = ({ baseline }: Report, paint: Paint): readonly string[] => {
  const lines = (baseline?.stale ?? []).map(({ id, reason }) => `  ${id} (${onOneLine(reason)})`);
  const title = 'These pass by now: take them out of the baseline.';
  return lines.length === 0 ? [] : [paint('red', title), ...lines, ''];
};

const VERDICT_COLOURS = {
  conformant: 'green',
  not_conformant: 'red',
  inconclusive: 'yellow',
} as const;

const plain: Paint = (_colour, text) => text;

/** @param paint colours; none unless given */
export const pretty = (report: Report, paint: Paint = plain): string => {
  const lines = [
    ...findingsOf(report).flatMap((finding) => tellFinding(finding, paint)),
    ...tellNotTested(report, paint),
    ...tellFigures(report),
    ...tellStale(report, paint),
    `${formatCounts(report)} (${formatRun(report)})`,
    `${paint(VERDICT_COLOURS[report.summary.verdict], formatVerdict(report))}: ${onOneLine(report.target)}`,
  ];
  return `${lines.join('\n')}\n`;
};
