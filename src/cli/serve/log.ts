/**
 * The server's own log on stderr: its failures always, requests and details with `--verbose`.
 *
 * A failure that repeats, such as a full disk that stops every attempt, is printed once and then counted: a cause is a
 * kind of message with the code of its error, and it is printed again at most once a minute.
 *
 * @module
 */
import {
  configure,
  getJsonLinesFormatter,
  getTextFormatter,
  type LogRecord,
} from '@logtape/logtape';
import type { Terminal } from '../terminal.ts';
import { codeOf, remedyFor } from './remedies.ts';

/** A cause that goes on is mentioned this often. */
const REPEAT_AFTER_MS = 60_000;
/** Causes are few; whatever makes them many must not fill the memory. */
const MAX_CAUSES = 100;

interface Cause {
  printedAt: number;
  /** Since it was printed last. */
  suppressed: number;
}

export interface LogOptions {
  readonly json: boolean;
  /** Requests and details, and each failure as often as it happens. */
  readonly verbose: boolean;
}

const jsonLine = getJsonLinesFormatter({ message: 'rendered', properties: 'flatten' });
const textLine = getTextFormatter({ timestamp: 'time', level: 'abbr' });

/** The message without the error's stack, which only `--verbose` shows. */
const sentenceOf = ({ message, properties }: LogRecord): string => {
  const { error } = properties;
  return message
    .map((part) =>
      part === error && error instanceof Error
        ? error.message
        : typeof part === 'string'
          ? part
          : String(part),
    )
    .join('');
};

const timesText = (times: number): string =>
  times === 0 ? '' : ` (${times} more like it since it was printed last)`;

/** @returns what takes a record and prints it unless its cause was printed just now */
const createFailureSink = (terminal: Terminal, json: boolean): ((record: LogRecord) => void) => {
  const causes = new Map<string, Cause>();
  return (record) => {
    const { rawMessage, properties, timestamp, level } = record;
    const code = codeOf(properties['error']);
    const key = `${String(rawMessage)} ${code ?? ''}`;
    const known = causes.get(key);
    if (known !== undefined && timestamp - known.printedAt < REPEAT_AFTER_MS) {
      known.suppressed += 1;
      return;
    }
    const suppressed = known?.suppressed ?? 0;
    if (causes.size >= MAX_CAUSES) causes.clear();
    causes.set(key, { printedAt: timestamp, suppressed: 0 });
    const message = sentenceOf(record);
    const remedy = remedyFor(properties['error']);
    if (json) {
      terminal.note(
        JSON.stringify({
          type: 'failure',
          level,
          time: new Date(timestamp).toISOString(),
          code,
          message,
          remedy,
          suppressed,
        }),
      );
    } else {
      terminal.note(
        `${level}: ${message}${timesText(suppressed)}. ${remedy}`.replaceAll('..', '.'),
      );
    }
  };
};

export const logToStderr = async (
  terminal: Terminal,
  { json, verbose }: LogOptions,
): Promise<void> => {
  const format = json ? jsonLine : textLine;
  const everything = (record: LogRecord): void => terminal.note(format(record).trimEnd());
  await configure({
    sinks: { stderr: verbose ? everything : createFailureSink(terminal, json) },
    loggers: [
      {
        category: ['sendemall-mock'],
        lowestLevel: verbose ? 'debug' : 'warning',
        sinks: ['stderr'],
      },
      { category: ['logtape', 'meta'], lowestLevel: 'warning', sinks: ['stderr'] },
    ],
  });
};
