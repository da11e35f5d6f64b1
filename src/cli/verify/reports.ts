/**
 * Where the reports of `verify` go: at most one to stdout, the others to files.
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

type Format = keyof typeof REPORTERS;

export interface Output {
  readonly format: Format;
  readonly to: 'stdout' | 'stderr' | { readonly file: string };
}

const isFormat = (name: string): name is Format => Object.hasOwn(REPORTERS, name);

interface Asked {
  readonly format: Format;
  /** Null: the terminal. */
  readonly file: string | null;
}

const parse = (text: string, folder: string): Asked => {
  const [format = '', ...rest] = text.split('=');
  if (!isFormat(format)) {
    throw new UsageError(
      `--report "${text}" has no known format: use ${Object.keys(REPORTERS).join(', ')}, each with =file to write it there.`,
    );
  }
  if (rest.length === 0) return { format, file: null };
  const file = rest.join('=');
  if (file === '') {
    throw new UsageError(
      `--report "${text}" names no file: give one after the =, or leave the = out for stdout.`,
    );
  }
  return { format, file: file === '-' ? null : resolve(folder, file) };
};

/**
 * @param asked as in `--report`
 * @param folder where relative paths start
 * @throws {UsageError} for an unknown format, two reports for stdout, or two for one file
 */
export const outputsOf = (asked: readonly string[], folder: string): readonly Output[] => {
  const all = asked.map((text) => parse(text, folder));
  const files = all.flatMap(({ file }) => file ?? []);
  const twice = files.find((file, at) => files.indexOf(file) !== at);
  if (twice !== undefined) {
    throw new UsageError(`--report names ${twice} twice: give each report a file of its own.`);
  }
  const machine = [
    ...new Set(
      all.filter((one) => one.file === null && one.format !== 'pretty').map((one) => one.format),
    ),
  ];
  if (machine.length > 1) {
    throw new UsageError(
      `--report ${machine.join(' and --report ')} both go to stdout: write one to a file, e.g. --report ${machine[1]}=report.${machine[1]}.`,
    );
  }
  const wantsPretty = all.some(({ format, file }) => format === 'pretty' && file === null);
  const [first] = machine;
  const shown: readonly Output[] =
    first === undefined
      ? [{ format: 'pretty', to: 'stdout' }]
      : [
          ...(wantsPretty ? ([{ format: 'pretty', to: 'stderr' }] as const) : []),
          { format: first, to: 'stdout' },
        ];
  const written = all.flatMap(({ format, file }) =>
    file === null ? [] : [{ format, to: { file } }],
  );
  return [...written, ...shown];
};

const WHY: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
  EACCES: 'it may not be written',
  EROFS: 'it may not be written',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'a part of its path is a file',
  ENOSPC: 'the disk is full',
};

const unwritable = (file: string, error: unknown): UsageError => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new UsageError(
    `--report: cannot write ${file}: ${WHY[code] ?? message}. Give a file in a folder that can be written to.`,
  );
};

/** Before the run, so that nobody waits for a report that cannot be written. */
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

const textOf = (report: Report, { format, to }: Output, terminal: Terminal): string =>
  format === 'pretty' && to === 'stdout'
    ? pretty(report, (colour, text) => terminal.style(colour, text))
    : REPORTERS[format](report);

/** Each with one line end at its end, as `print` and `note` give it. */
export const writeReports = (
  report: Report,
  outputs: readonly Output[],
  terminal: Terminal,
): void => {
  for (const output of outputs) {
    const { to } = output;
    const text = textOf(report, output, terminal);
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
