/**
 * Formats sinks and the requests they have recorded.
 *
 * @module
 */
import type { Sink, SinkRecord, SinkSettings } from '../../../schemas/sandbox.ts';
import type { Terminal } from '../terminal.ts';
import { harmless, table } from './table.ts';

export const sinkTable = (sinks: readonly Sink[], terminal: Terminal): string[] =>
  table([
    ['sink', 'requests'].map((title) => terminal.style('bold', title)),
    ...sinks.map(({ name, requests }) => [name, String(requests)]),
  ]);

export const sinkRequestLines = (one: SinkRecord, terminal: Terminal): string[] => {
  const query = one.query === '' ? '' : `?${one.query}`;
  const target = terminal.style('bold', harmless(`${one.method} ${one.path}${query}`));
  return [
    `${one.received_at}  ${target}  response ${one.answered}`,
    ...(one.body === ''
      ? []
      : harmless(one.body)
          .split('\n')
          .map((line) => `    ${line}`)),
    ...(one.truncated ? ['    (truncated)'] : []),
  ];
};

export const sinkSettings = ({ name, url, status, headers, body, times }: SinkSettings): string[] =>
  table([
    ['sink', name],
    ['url', url],
    ['response', `${status}${times === null ? '' : ` (${times} times)`}`],
    ...Object.entries(headers).map(([header, value]) => ['', harmless(`${header}: ${value}`)]),
    ['', harmless(JSON.stringify(body))],
  ]);
