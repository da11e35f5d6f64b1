/**
 * Annotations for GitHub Actions: one line for each finding that counts.
 *
 * @module
 */
import type { Report } from '../report.ts';
import { harmless } from './exchange-text.ts';
import { findingsOf, type Gravity } from './findings.ts';

const COMMANDS: Readonly<Record<Gravity, string | null>> = {
  failure: 'error',
  error: 'error',
  warning: 'warning',
  note: 'notice',
  known: null,
};

/** As the runner reads a message back. */
const message = (text: string): string =>
  harmless(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** As the runner reads the value of a property back. */
const property = (text: string): string =>
  message(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

const line = (command: string, title: string, text: string): string =>
  `::${command} title=${property(title)}::${message(text)}`;

/** Empty when there is nothing to annotate. */
export const github = (report: Report): string => {
  const findings = findingsOf(report).flatMap(({ result, gravity }) => {
    const command = COMMANDS[gravity];
    if (command === null) return [];
    const { id, level, title, actual, reason, fix } = result;
    const text = [`${title}. ${actual ?? reason ?? ''}`, ...(fix === null ? [] : [fix])];
    return [line(command, `${id} (${level})`, text.join('\n'))];
  });
  const stale = (report.baseline?.stale ?? []).map(({ id }) =>
    line('error', 'baseline', `${id} passes by now: take it out of the baseline.`),
  );
  return [...findings, ...stale].map((text) => `${text}\n`).join('');
};
