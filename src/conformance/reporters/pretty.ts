/**
 * The terminal report: findings by severity, untested checks with reasons, a table of failures, and the outcome last.
 *
 * @module
 */
import type { Report } from '../report.ts';
import { onOneLine } from './exchange-text.ts';
import { figuresOf, findingsOf, SEVERITY_LABELS, notTestedBy, formatRun } from './findings.ts';
import { firstToFix, isFailure } from './first-fix.ts';
import { firstSentences, wrap } from './layout.ts';
import { formatOutcome, toneOf } from './outcome.ts';
import { formatFinding, type Paint, type Style } from './pretty-finding.ts';

export interface PrettyOptions {
  /** Colors; plain text by default. */
  readonly paint?: Paint;
  /** Columns of the terminal; default: 80. */
  readonly width?: number;
  /** Show whole texts, requests, responses and commands; default: false. */
  readonly details?: boolean;
  /** Where the details are, for the end of a report without them: "Pass --details for …". */
  readonly detailsHint?: string;
}

const DEFAULT_WIDTH = 80;
const MIN_WIDTH = 30;
const COUNT_WIDTH = 5;
/** Characters of the first fix. */
const MAX_FIX = 160;

/** Wrap with later lines indented. */
const hanging = (first: string, text: string, { width }: Style): readonly string[] =>
  wrap(text, Math.max(MIN_WIDTH - first.length, width - first.length)).map(
    (line, at) => `${at === 0 ? first : ' '.repeat(first.length)}${line}`,
  );

const formatNotTested = (report: Report, style: Style): readonly string[] => {
  const groups = notTestedBy(report);
  if (groups.length === 0) return [];
  const lines = groups.flatMap(({ reason, ids }) => [
    ...hanging(`${String(ids.length).padStart(COUNT_WIDTH)}  `, onOneLine(reason), style),
    ...(style.details
      ? hanging(' '.repeat(COUNT_WIDTH + 2), ids.join(' '), style).map((line) =>
          style.paint('dim', line),
        )
      : []),
  ]);
  return [style.paint('bold', 'Not tested:'), ...lines, ''];
};

const formatFigures = (report: Report, style: Style): readonly string[] => {
  const lines = figuresOf(report).flatMap(({ id, reason }) =>
    hanging(`  ${id}: `, onOneLine(reason ?? ''), style),
  );
  return lines.length === 0 ? [] : ['Figures:', ...lines, ''];
};

const formatStale = ({ baseline }: Report, style: Style): readonly string[] => {
  const lines = (baseline?.stale ?? []).flatMap(({ id, reason }) =>
    hanging('  ', `${id} (${onOneLine(reason)})`, style),
  );
  const title = 'These checks pass now: remove them from the baseline.';
  if (lines.length === 0) return [];
  return [...wrap(title, style.width).map((line) => style.paint('red', line)), ...lines, ''];
};

/** Ids of all failures, worst first, and the fix to start with. */
const formatFailures = (report: Report, style: Style): readonly string[] => {
  const failures = findingsOf(report).filter(isFailure);
  const first = firstToFix(report, failures);
  const rows = failures.map(({ result: { id, level, decides }, severity }) => {
    const more = decides.length === 0 ? '' : `  and ${decides.length} more by the same cause`;
    return `  ${SEVERITY_LABELS[severity].padEnd(9)}${level.padEnd(8)}${id}${more}`;
  });
  if (rows.length === 0) return [];
  if (first === undefined) return [style.paint('bold', 'Findings:'), ...rows, ''];
  const fix = firstSentences(onOneLine(first.result.fix ?? first.result.title), MAX_FIX);
  return [
    style.paint('bold', 'Findings:'),
    ...rows,
    '',
    ...hanging('Fix first: ', `${first.result.id}. ${fix}`, style),
    '',
  ];
};

const plain: Paint = (_colour, text) => text;

export const pretty = (report: Report, options: PrettyOptions = {}): string => {
  const { paint = plain, width = DEFAULT_WIDTH, details = false, detailsHint } = options;
  const style: Style = { paint, width: Math.max(MIN_WIDTH, width), details };
  const findings = findingsOf(report);
  const hasDetails = findings.some(({ result }) => result.exchanges.length > 0);
  const hint = details || !hasDetails ? undefined : detailsHint;
  const notes = findings.flatMap((finding) => formatFinding(finding, style));
  const lines = [
    ...notes,
    ...(notes.length === 0 || notes.at(-1) === '' ? [] : ['']),
    ...formatNotTested(report, style),
    ...formatFigures(report, style),
    ...formatStale(report, style),
    ...formatFailures(report, style),
    ...(hint === undefined ? [] : wrap(hint, style.width).map((line) => paint('dim', line))),
    ...wrap(`${onOneLine(report.target)}, ${formatRun(report)}`, style.width),
    ...wrap(formatOutcome(report), style.width).map((line) => paint(toneOf(report), line)),
  ];
  return `${lines.join('\n')}\n`;
};
