/**
 * Receivers under chaos: one succeeds, one fails sometimes, one hangs sometimes. They note what they answered.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { startReceiver, type Receiver } from '../support/receiver.ts';

export const KINDS = ['succeeds', 'fails', 'hangs'] as const;
export type Kind = (typeof KINDS)[number];

export interface Log {
  /** Requests by event id. */
  readonly requests: Map<string, number>;
  /** Event ids that were answered with 200. */
  readonly accepted: Set<string>;
}

export interface Receivers extends AsyncDisposable {
  url(kind: Kind): string;
  readonly log: Log;
}

/** A share of events, the same whenever an event is sent: 0 to 1. */
const draw = (eventId: string, salt: string): number =>
  createHash('sha256')
    .update(salt + eventId)
    .digest()
    .readUInt32BE() /
  2 ** 32;

/** Some events always fail, some at first only, so that both retries and dead letters occur. */
const failsNow = (eventId: string, request: number): boolean => {
  const share = draw(eventId, 'fails');
  return share < 0.1 || (share < 0.4 && request <= 1 + share * 5);
};

export const startReceivers = async (): Promise<Receivers> => {
  const log: Log = { requests: new Map(), accepted: new Set() };
  const start = (kind: Kind): Promise<Receiver> =>
    startReceiver(({ body }, response) => {
      const { id } = JSON.parse(body) as { id: string };
      const request = (log.requests.get(id) ?? 0) + 1;
      log.requests.set(id, request);
      if (kind === 'fails' && failsNow(id, request)) return void response.writeHead(500).end();
      if (kind === 'hangs' && draw(id, 'hangs') < 0.05 && request === 1) return;
      response.on('finish', () => log.accepted.add(id));
      response.writeHead(200).end();
    });
  const started = new Map<Kind, Receiver>();
  for (const kind of KINDS) started.set(kind, await start(kind));
  return {
    url: (kind) => started.get(kind)!.url,
    log,
    [Symbol.asyncDispose]: async () => {
      for (const receiver of started.values()) await receiver[Symbol.asyncDispose]();
    },
  };
};
