/**
 * The server's log on stderr: failures always, requests and details with `--verbose`.
 *
 * A repeated failure, such as a full disk that stops every attempt, is printed at most once a minute and counted in
 * between. Failures are the same if they share the message template and the error code.
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
import { remedyFor, systemCodeOf } from './remedies.ts';

/** Minimum interval between prints of the same failure. */
const REPEAT_AFTER_MS = 60_000;
/** Bounds the memory for failures that differ each time. */
const MAX_CAUSES = 100;

interface Cause {
  printedAt: number;
  /** Occurrences since it was last printed. */
  suppressed: number;
}

export interface LogOptions {
  readonly json: boolean;
  /** Also log requests and details, and every occurrence of a failure. */
  readonly verbose: boolean;
}

const jsonLine = getJsonLinesFormatter({ message: 'rendered', properties: 'flatten' });
const textLine = getTextFormatter({ timestamp: 'time', level: 'abbr' });

/** The message without the error's stack, which only `--verbose` prints. */
const messageOf = ({ message, properties }: LogRecord): string => {
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
  times === 0 ? '' : ` (repeated ${times} times since last printed)`;

/** Create a sink that prints a record unless the same failure was printed within the last minute. */
const createFailureSink = (terminal: Terminal, json: boolean): ((record: LogRecord) => void) => {
  const causes = new Map<string, Cause>();
  return (record) => {
    const { rawMessage, properties, timestamp, level } = record;
    const code = systemCodeOf(properties['error']);
    const key = `${String(rawMessage)} ${code ?? ''}`;
    const known = causes.get(key);
    if (known !== undefined && timestamp - known.printedAt < REPEAT_AFTER_MS) {
      known.suppressed += 1;
      return;
    }
    const suppressed = known?.suppressed ?? 0;
    if (causes.size >= MAX_CAUSES) causes.clear();
    causes.set(key, { printedAt: timestamp, suppressed: 0 });
    const message = messageOf(record);
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
