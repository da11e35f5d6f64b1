/**
 * `serve --verbose`: the server's own log on stderr. Loaded only when it is asked for.
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

export const logToStderr = async (terminal: Terminal, json: boolean): Promise<void> => {
  const format = json
    ? getJsonLinesFormatter({ message: 'rendered', properties: 'flatten' })
    : getTextFormatter({ timestamp: 'time', level: 'abbr' });
  await configure({
    sinks: { stderr: (record: LogRecord) => terminal.note(format(record).trimEnd()) },
    loggers: [
      { category: ['sendemall-mock'], lowestLevel: 'debug', sinks: ['stderr'] },
      { category: ['logtape', 'meta'], lowestLevel: 'warning', sinks: ['stderr'] },
    ],
  });
};
