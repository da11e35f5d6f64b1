/**
 * A finding for the terminal: title, expected, actual, cause, fix, and how to reproduce it. A note is one line.
 *
 * @module
 */
import type { CheckResult } from '../report.ts';
import { harmless, onOneLine, plainest, requestLines, responseLines } from './exchange-text.ts';
import { SEVERITY_LABELS, type Finding, type Severity } from './findings.ts';
import { cutTo, firstSentences, wrap, wrapCommand } from './layout.ts';

export type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'bold' | 'dim';

/** Color a text, or return it unchanged. */
export type Paint = (colour: Colour, text: string) => string;

export interface Style {
  /** Colors. */
  readonly paint: Paint;
  /** Columns of the terminal. */
  readonly width: number;
  /** Show whole texts, requests, responses and commands. */
  readonly details: boolean;
}

const COLOURS: Readonly<Record<Severity, Colour>> = {
  failed: 'red',
  error: 'red',
  warning: 'yellow',
  note: 'cyan',
  known: 'dim',
};

const INDENT = 2;
const LABEL_WIDTH = 11;
/** Labels with details are longer: "requirement". */
const LABEL_WIDTH_WITH_DETAILS = 13;
/** Columns that a text needs at least: below that, labels stand on lines of their own. */
const MIN_TEXT_WIDTH = 24;
/** Characters of one text without details: about three lines of 80 columns. */
const MAX_TEXT = 220;
/** Lines shown of a request and of a response. */
const MAX_LINES = 16;
/** Lines shown of the receiver's log without details: the error and where it was thrown. */
const MAX_LOG_LINES = 8;
/** Characters shown of one line; other report formats have the rest. */
const MAX_CHARACTERS = 600;

const block = (label: string, lines: readonly string[], style: Style): readonly string[] => {
  if (lines.length === 0) return [];
  const width = style.details ? LABEL_WIDTH_WITH_DETAILS : LABEL_WIDTH;
  return lines.map((line, at) =>
    `${' '.repeat(INDENT)}${style.paint('dim', (at === 0 ? label : '').padEnd(width))}${line}`.trimEnd(),
  );
};

const textWidth = ({ width, details }: Style): number =>
  Math.max(MIN_TEXT_WIDTH, width - INDENT - (details ? LABEL_WIDTH_WITH_DETAILS : LABEL_WIDTH));

const entry = (label: string, text: string | null, style: Style): readonly string[] => {
  if (text === null || text === '') return [];
  const shown = style.details ? harmless(text) : firstSentences(onOneLine(text), MAX_TEXT);
  return block(label, wrap(shown, textWidth(style)), style);
};

const commandEntry = (label: string, command: string | null, style: Style): readonly string[] =>
  command === null ? [] : block(label, wrapCommand(harmless(command), textWidth(style)), style);

const shorten = (line: string): string =>
  line.length <= MAX_CHARACTERS
    ? line
    : `${line.slice(0, MAX_CHARACTERS)}… (${line.length - MAX_CHARACTERS} more characters)`;

/** Not wrapped: line breaks matter in a message. */
const messageLines = (lines: readonly string[]): readonly string[] => [
  ...lines.slice(0, MAX_LINES).map(shorten),
  ...(lines.length > MAX_LINES ? [`… (${lines.length - MAX_LINES} more lines)`] : []),
];

const exchangeEntries = ({ exchanges }: CheckResult, style: Style): readonly string[] => {
  const shown = plainest(exchanges);
  if (shown === null) return [];
  return [
    ...block('request', messageLines(requestLines(shown.request)), style),
    ...block('response', messageLines(responseLines(shown.response)), style),
  ];
};

/** The commands: without details the one that reruns the check, or else the one that resends the request. */
const commandEntries = ({ rerun, reproduce }: CheckResult, style: Style): readonly string[] => {
  if (!style.details) return commandEntry('reproduce', rerun ?? reproduce, style);
  const resend = reproduce === rerun ? null : reproduce;
  return [
    ...commandEntry('reproduce', rerun ?? resend, style),
    ...(rerun === null ? [] : commandEntry('resend', resend, style)),
  ];
};

/** The end of the log, which names the error. */
const logEntry = ({ log }: CheckResult, style: Style): readonly string[] => {
  if (log === null) return [];
  const lines = harmless(log)
    .split('\n')
    .slice(style.details ? -MAX_LINES : -MAX_LOG_LINES);
  return block(
    'log',
    lines.map((line) => cutTo(line.replaceAll('\t', '  '), textWidth(style))),
    style,
  );
};

const explain = (result: CheckResult, style: Style): readonly string[] => {
  const { status, reason, expected, actual, requirement, diagnosis, fix, decides } = result;
  if (status === 'error') return entry('error', reason, style);
  return [
    ...entry('expected', expected.join(', or '), style),
    ...entry('actual', actual, style),
    ...(style.details ? entry('requirement', requirement, style) : []),
    ...logEntry(result, style),
    ...entry('cause', diagnosis, style),
    ...block('decides', wrap(decides.join(' '), textWidth(style)), style),
    ...(style.details ? exchangeEntries(result, style) : []),
    ...entry('fix', fix, style),
    ...commandEntries(result, style),
    ...commandEntry('explain', result.explain, style),
  ];
};

/** The lines of a finding, with an empty one at the end unless it is a single line. */
export const formatFinding = (finding: Finding, style: Style): readonly string[] => {
  const { result, severity, known } = finding;
  const { id, level, title } = result;
  const { paint, width, details } = style;
  const label = SEVERITY_LABELS[severity].padEnd(8);
  const head = `${label}${level.padEnd(7)}${id}`;
  // Known failures are listed without remediation; a note needs none.
  if (known !== null || (severity === 'note' && !details)) {
    const text = known === null ? (result.actual ?? '') : `${known} (${result.actual ?? ''})`;
    const line = cutTo(`${head}  ${onOneLine(text)}`.trimEnd(), width);
    return [`${paint(COLOURS[severity], line.slice(0, head.length))}${line.slice(head.length)}`];
  }
  const titles = wrap(onOneLine(title), Math.max(MIN_TEXT_WIDTH, width - INDENT));
  const fits = head.length + 2 + title.length <= width;
  return [
    fits
      ? `${paint(COLOURS[severity], head)}  ${paint('bold', onOneLine(title))}`
      : paint(COLOURS[severity], head),
    ...(fits ? [] : titles.map((line) => `${' '.repeat(INDENT)}${paint('bold', line)}`)),
    ...explain(result, style),
    '',
  ];
};
