/**
 * Destinations of the reports of `verify`: at most one on stdout, the others in files.
 *
 * @module
 */
import { mkdirSync, openSync, closeSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pretty } from '../../conformance/reporters/pretty.ts';
import type { Report } from '../../conformance/report.ts';
import { REPORTERS } from '../../conformance/reporters.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { prettyOptions } from './pretty-options.ts';

type Format = keyof typeof REPORTERS;

export interface Output {
  readonly format: Format;
  readonly to: 'stdout' | 'stderr' | { readonly file: string };
}

const isFormat = (name: string): name is Format => Object.hasOwn(REPORTERS, name);

interface Requested {
  readonly format: Format;
  /** Null for the terminal. */
  readonly file: string | null;
}

const parse = (text: string, folder: string): Requested => {
  const [format = '', ...rest] = text.split('=');
  if (!isFormat(format)) {
    throw new UsageError(
      `Unknown format in --report "${text}". Pass ${Object.keys(REPORTERS).join(', ')}, optionally with =file.`,
    );
  }
  if (rest.length === 0) return { format, file: null };
  const file = rest.join('=');
  if (file === '') {
    throw new UsageError(
      `Missing file in --report "${text}". Add a path after =, or remove = for stdout.`,
    );
  }
  return { format, file: file === '-' ? null : resolve(folder, file) };
};

/**
 * Parse the values of `--report`.
 *
 * @param requested values such as `junit=junit.xml`
 * @param folder directory that relative paths start from
 * @throws {UsageError} for an unknown format, two reports on stdout, or two in one file
 */
export const outputsOf = (requested: readonly string[], folder: string): readonly Output[] => {
  const all = requested.map((text) => parse(text, folder));
  const files = all.flatMap(({ file }) => file ?? []);
  const duplicate = files.find((file, at) => files.indexOf(file) !== at);
  if (duplicate !== undefined) {
    throw new UsageError(
      `Two values of --report write to ${duplicate}. Pass a different file for each.`,
    );
  }
  const machine = [
    ...new Set(
      all.filter((one) => one.file === null && one.format !== 'pretty').map((one) => one.format),
    ),
  ];
  if (machine.length > 1) {
    throw new UsageError(
      `--report ${machine.join(' and --report ')} both write to stdout. Write one to a file, such as --report ${machine[1]}=report.${machine[1]}.`,
    );
  }
  const wantsPretty = all.some(({ format, file }) => format === 'pretty' && file === null);
  const [first] = machine;
  const onTerminal: readonly Output[] =
    first === undefined
      ? [{ format: 'pretty', to: 'stdout' }]
      : [
          ...(wantsPretty ? ([{ format: 'pretty', to: 'stderr' }] as const) : []),
          { format: first, to: 'stdout' },
        ];
  const inFiles = all.flatMap(({ format, file }) =>
    file === null ? [] : [{ format, to: { file } }],
  );
  return [...inFiles, ...onTerminal];
};

const REASONS: Readonly<Record<string, string>> = {
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'part of its path is a file',
  EEXIST: 'part of its path is a file',
  ENOSPC: 'the disk is full',
};

const unwritable = (file: string, error: unknown): UsageError => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new UsageError(
    `Cannot write --report ${file}: ${REASONS[code] ?? message}. Pass a file in a writable directory.`,
  );
};

/**
 * Create the files before the run: a report that cannot be written should fail at once, not after minutes.
 *
 * @throws {UsageError} for a file that cannot be written
 */
export const prepareFiles = (outputs: readonly Output[]): void => {
  for (const { to } of outputs) {
    if (typeof to === 'string') continue;
    try {
      mkdirSync(dirname(to.file), { recursive: true });
      closeSync(openSync(to.file, 'a'));
    } catch (error) {
      throw unwritable(to.file, error);
    }
  }
};

const textOf = (
  report: Report,
  { format, to }: Output,
  terminal: Terminal,
  details: boolean,
): string =>
  format === 'pretty'
    ? pretty(report, prettyOptions(terminal, details, to === 'stdout'))
    : REPORTERS[format](report);

/**
 * Write each report to its destination, ending in one newline.
 *
 * @param details whether terminal reports show whole texts, requests, responses and commands
 */
export const writeReports = (
  report: Report,
  outputs: readonly Output[],
  terminal: Terminal,
  details: boolean,
): void => {
  for (const output of outputs) {
    const { to } = output;
    const text = textOf(report, output, terminal, details);
    if (to === 'stdout') terminal.print(text.trimEnd());
    else if (to === 'stderr') terminal.note(text.trimEnd());
    else {
      try {
        writeFileSync(to.file, text);
      } catch (error) {
        throw unwritable(to.file, error);
      }
    }
  }
};
