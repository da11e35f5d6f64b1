/**
 * What the probes of one run share: how many requests were sent, what was sent since the last accepted one, and whatever
 * is made once for a run.
 *
 * @module
 */
import { isSuccess } from '../../domain/retry-plan.ts';
import type { Exchange } from '../net/exchange.ts';

export interface RunMemory {
  /** Note an exchange of any check, in the order in which they end. */
  seen(exchange: Exchange): void;
  /** Requests so far. */
  readonly requests: number;
  /** Those of them that were answered 2xx. */
  readonly accepted: number;
  /** Of the answers 2xx; Infinity without one. Milliseconds. */
  readonly fastestAcceptedMs: number;
  /** Since the last answer 2xx, oldest first; a bounded number. */
  readonly sinceAccepted: readonly Exchange[];
  /** The receiver falls silent on a connection that is used again: from now on each request gets one of its own. */
  useConnectionsOnce(): void;
  /** Whether each request gets a connection of its own. */
  readonly usesConnectionsOnce: boolean;
  /** Make something once in a run: a later caller gets the same. @param name stands for one type of thing */
  once<T>(name: string, make: () => T): T;
}

const MAX_SINCE = 20;

export const createRunMemory = (): RunMemory => {
  const made = new Map<string, unknown>();
  let requests = 0;
  let accepted = 0;
  let fastestAcceptedMs = Infinity;
  let since: Exchange[] = [];
  let once = false;
  return {
    seen: (exchange) => {
      requests += 1;
      const { reply } = exchange;
      if (reply.kind === 'answer' && isSuccess(reply.status)) {
        accepted += 1;
        fastestAcceptedMs = Math.min(fastestAcceptedMs, reply.durationMs);
        since = [];
      } else if (since.length < MAX_SINCE) since.push(exchange);
    },
    get requests() {
      return requests;
    },
    get accepted() {
      return accepted;
    },
    get fastestAcceptedMs() {
      return fastestAcceptedMs;
    },
    get sinceAccepted() {
      return since;
    },
    useConnectionsOnce: () => {
      once = true;
    },
    get usesConnectionsOnce() {
      return once;
    },
    once: <T>(name: string, make: () => T): T => {
      if (!made.has(name)) made.set(name, make());
      return made.get(name) as T;
    },
  };
};
