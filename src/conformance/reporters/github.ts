/**
 * GitHub Actions annotations, one per finding.
 *
 * @module
 */
import type { Report } from '../report.ts';
import { harmless } from './exchange-text.ts';
import { findingsOf, type Severity } from './findings.ts';
import { formatVerdict } from './outcome.ts';

const COMMANDS: Readonly<Record<Severity, string | null>> = {
  failed: 'error',
  error: 'error',
  warning: 'warning',
  note: 'notice',
  known: null,
};

/** Escape a message for a workflow command. */
const message = (text: string): string =>
  harmless(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** Escape a property value of a workflow command. */
const property = (text: string): string =>
  message(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

const line = (command: string, title: string, text: string): string =>
  `::${command} title=${property(title)}::${message(text)}`;

/** Render annotations; empty without findings. */
export const github = (report: Report): string => {
  const findings = findingsOf(report).flatMap(({ result, severity }) => {
    const command = COMMANDS[severity];
    if (command === null) return [];
    const { id, level, title, actual, reason, diagnosis, fix, decides } = result;
    const others = decides.length === 0 ? null : `Decides: ${decides.join(', ')}.`;
    const parts = [`${title}. ${actual ?? reason ?? ''}`, diagnosis, others, fix];
    const text = parts.filter((part) => part !== null);
    return [line(command, `${id} (${level})`, text.join('\n'))];
  });
  const { summary, interrupted } = report;
  const unclear =
    interrupted || (summary.verdict === 'inconclusive' && summary.errored === 0)
      ? [line('error', 'verify', formatVerdict(report))]
      : [];
  const stale = (report.baseline?.stale ?? []).map(({ id }) =>
    line('error', 'baseline', `${id} passes now: remove it from the baseline.`),
  );
  return [...findings, ...stale, ...unclear].map((text) => `${text}\n`).join('');
};
