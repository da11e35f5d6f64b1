/**
 * `trigger --to`: one delivery attempt, without a sandbox.
 *
 * @module
 */
import { deliverOnce } from '../deliver-once.ts';
import type { EventType } from '../../schemas/contract.ts';
import { harmless } from './output/table.ts';
import type { Terminal } from './terminal.ts';

interface Sending {
  readonly to: string;
  readonly secret: string;
  readonly event: EventType;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly id?: string | undefined;
  readonly timestamp?: string | undefined;
  readonly json?: true | undefined;
}

type Sent = Awaited<ReturnType<typeof deliverOnce>>;

const toJson = ({ body, request, outcome, error, durationMs, response, notice }: Sent) => ({
  delivered: outcome === 'delivered',
  outcome,
  error,
  duration_ms: durationMs,
  request: { method: 'POST', url: request.url, headers: request.headers, body },
  response,
  notice,
});

const lines = (sent: Sent, terminal: Terminal): string[] => {
  const { body, request, outcome, error, durationMs, response } = sent;
  const took = `${Math.round(durationMs)} ms`;
  return [
    `POST ${harmless(request.url)}`,
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
    '',
    harmless(body),
    '',
    ...(response === null
      ? []
      : [
          `${response.status} in ${took}`,
          ...response.headers.map(([name, value]) => harmless(`${name}: ${value}`)),
          ...(response.body === '' ? [] : ['', harmless(response.body)]),
          '',
        ]),
    outcome === 'delivered'
      ? terminal.style('green', 'Delivered.')
      : terminal.style('red', `Not delivered (${outcome}, ${took}): ${harmless(error ?? '')}`),
  ];
};

export const sendOnce = async (sending: Sending, terminal: Terminal): Promise<void> => {
  const { to, secret, event, data, id, timestamp, json } = sending;
  const sent = await deliverOnce({
    url: to,
    secret,
    event: {
      event,
      ...(data === null ? {} : { data }),
      ...(id === undefined ? {} : { id }),
      ...(timestamp === undefined ? {} : { timestamp }),
    },
    signal: terminal.signal,
  });
  if (sent.notice !== null) terminal.note(harmless(sent.notice));
  if (sent.outcome !== 'delivered') terminal.fail();
  if (json) terminal.printJson(toJson(sent), true);
  else for (const line of lines(sent, terminal)) terminal.print(line);
};
