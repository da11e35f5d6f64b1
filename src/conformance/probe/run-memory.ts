/**
 * What the probes of one run share: how many requests were sent, what was sent since the last accepted one, and whatever
 * is made once for a run.
 *
 * @module
 */
import { isSuccess } from '../../domain/retry-plan.ts';
import type { Exchange } from '../net/exchange.ts';

export interface RunMemory {
  /** Note an exchange of any check, in the order in which they end. @param now when it has ended, in milliseconds */
  seen(exchange: Exchange, now: number): void;
  /** Requests so far. */
  readonly requests: number;
  /** Those of them that were answered 2xx. */
  readonly accepted: number;
  /** Of the answers 2xx; Infinity without one. Milliseconds. */
  readonly fastestAcceptedMs: number;
  /** Since the last answer 2xx, oldest first; a bounded number. */
  readonly sinceAccepted: readonly Exchange[];
  /** The receiver falls silent on a connection that is used again: from now on each request gets one of its own. */
  useConnectionsOnce(isOnce?: boolean): void;
  /** Whether each request gets a connection of its own. */
  readonly usesConnectionsOnce: boolean;
  /** The receiver closes connections beyond a number: from now on no more requests than these are in flight. */
  limitInFlight(count: number): void;
  /** Requests in flight at the same time; Infinity without a limit. */
  readonly maxInFlight: number;
  /**
   * How long to wait for a response while the receiver is silent: it has answered nothing since several requests, one after
   * the other, got no response. Infinity while it answers. Milliseconds.
   */
  readonly silentPatienceMs: number;
  /** Make something once in a run: a later caller gets the same. @param name stands for one type of thing */
  once<T>(name: string, make: () => T): T;
}

const MAX_SINCE = 20;

/** Requests without a response, each sent after the one before it had been given up. */
const SILENT_AFTER = 2;
const MIN_SILENT_PATIENCE_MS = 500;
/** Of the longest of the latest responses. */
const PATIENCE_FACTOR = 3;
const LATEST = 20;

interface Silence {
  readonly patienceMs: () => number;
  readonly seen: (reply: Exchange['reply'], now: number) => void;
}

const createSilence = (): Silence => {
  const latest: number[] = [];
  let inARow = 0;
  let endedAt = -Infinity;
  return {
    patienceMs: () =>
      inARow < SILENT_AFTER
        ? Infinity
        : Math.max(MIN_SILENT_PATIENCE_MS, PATIENCE_FACTOR * Math.max(0, ...latest)),
    seen: (reply, now) => {
      if (reply.kind === 'answer') {
        inARow = 0;
        latest.push(reply.durationMs);
        if (latest.length > LATEST) latest.shift();
      } else if (reply.cause === 'timeout') {
        if (inARow > 0 && now - reply.durationMs < endedAt) return;
        inARow += 1;
        endedAt = now;
      } else inARow = 0;
    },
  };
};

export const createRunMemory = (): RunMemory => {
  const made = new Map<string, unknown>();
  let requests = 0;
  let accepted = 0;
  let fastestAcceptedMs = Infinity;
  let since: Exchange[] = [];
  let once = false;
  let maxInFlight = Infinity;
  const silence = createSilence();
  return {
    seen: (exchange, now) => {
      requests += 1;
      const { reply } = exchange;
      silence.seen(reply, now);
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
    useConnectionsOnce: (isOnce = true) => {
      once = isOnce;
    },
    get usesConnectionsOnce() {
      return once;
    },
    limitInFlight: (count) => {
      maxInFlight = count;
    },
    get maxInFlight() {
      return maxInFlight;
    },
    get silentPatienceMs() {
      return silence.patienceMs();
    },
    once: <T>(name: string, make: () => T): T => {
      if (!made.has(name)) made.set(name, make());
      return made.get(name) as T;
    },
  };
};
