/**
 * Exchanges of one probe, in the order in which their requests started.
 *
 * @module
 */
import { SIGNATURE, type EventType } from '../../../schemas/contract.ts';
import { isSuccess } from '../../domain/retry-plan.ts';
import type { Backlog } from '../hooks/backlog.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from './event-maker.ts';
import type { Signing } from './signing.ts';

export interface Recorder {
  readonly exchanges: readonly Exchange[];
  /** Mark the start of a request. @returns its position among all requests of the probe */
  start(): number;
  /** Record an exchange and announce it. @param startedAs the position from {@link Recorder.start} */
  record(exchange: Exchange, startedAs: number): Exchange;
}

interface RecorderContext {
  /** URL of the target. */
  readonly url: string;
  readonly signing: Signing;
  /** The type that the receiver is known to act on: a correct receiver may ignore others. */
  readonly primaryType: () => EventType;
  /** Null without an effects hook. */
  readonly backlog: Pick<Backlog, 'accepted' | 'other'> | null;
  /** Called with every exchange. */
  readonly seen: (exchange: Exchange) => void;
}

const parse = (bytes: Uint8Array): Partial<Event> | null => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Event> | null;
  } catch {
    return null;
  }
};

const isTaken = ({ reply }: Exchange): boolean =>
  reply.kind === 'answer' && isSuccess(reply.status);

/** Id of the event if an effect is to be expected: it was delivered as by the provider, and accepted; otherwise null. */
const expectedEffectOf = (
  exchange: Exchange,
  { url, signing, primaryType }: RecorderContext,
): string | null => {
  const { request } = exchange;
  const { method, url: target, headers, body } = request;
  if (method !== 'POST' || target !== url || !isTaken(exchange)) return null;
  const signature = headers.find(([name]) => name === SIGNATURE.header)?.[1];
  if (signature !== signing.valid(body)) return null;
  const { event, id } = parse(body) ?? {};
  return event === primaryType() && typeof id === 'string' ? id : null;
};

export const createRecorder = (context: RecorderContext): Recorder => {
  const exchanges: Exchange[] = [];
  /** Positions of the recorded exchanges, in the same order. */
  const positions: number[] = [];
  let started = 0;
  return {
    exchanges,
    start: () => (started += 1),
    record: (exchange, startedAs) => {
      // A response can leak the valid digest of a request that did not have it, so it must be known for redaction.
      context.signing.digest(exchange.request.body);
      const later = positions.filter((other) => other > startedAs).length;
      exchanges.splice(exchanges.length - later, 0, exchange);
      positions.splice(positions.length - later, 0, startedAs);
      context.seen(exchange);
      if (context.backlog !== null) {
        const id = expectedEffectOf(exchange, context);
        if (id !== null) context.backlog.accepted(id);
        else if (isTaken(exchange)) context.backlog.other();
      }
      return exchange;
    },
  };
};
