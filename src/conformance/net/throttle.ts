/**
 * Rate limits of the receiver. A 429, or a 503 with Retry-After, is a legal response to many requests or many forgeries. It
 * is no finding about the request that got it: the run waits as long as the receiver asks for, and sends the request again.
 *
 * The waits of a run are bounded. Once they are used up, limited responses are returned as they are, and the checks that
 * got them are not tested.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';
import type { Exchange, Reply } from './exchange.ts';

/** What the limits of the receiver did to the run. */
export interface Limits {
  /** Limited responses so far. */
  readonly count: number;
  /** The first exchange with a limited response; null without one. */
  readonly first: Exchange | null;
  /** Total wait so far. */
  readonly waitedMs: number;
}

export interface Throttle {
  /** Wait while a limit is in force. */
  ready(): Promise<void>;
  /**
   * Decide about a response.
   *
   * @param attempt how often the same request was sent before
   * @param isValid whether the request is validly signed: a forgery that is limited is rejected, so it waits less
   * @returns whether to send the request again, after {@link Throttle.ready}
   */
  shouldRetry(exchange: Exchange, attempt: number, isValid: boolean): boolean;
  /** Count the response if it is limited; {@link Throttle.shouldRetry} does so itself before a retry. */
  note(exchange: Exchange): void;
  limits(): Limits;
}

const HTTP_TOO_MANY = 429;
const HTTP_UNAVAILABLE = 503;

const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 60_000;
const MAX_TOTAL_WAIT_MS = 120_000;
const MAX_ATTEMPTS = 6;
/** For forgeries, whose limit may be meant to last. */
const MAX_FORGED_WAIT_MS = 1000;
const MAX_TOTAL_FORGED_WAIT_MS = 5000;
/** Before any event got through: a limit that an earlier run has used up may end soon, one that blocks all never does. */
const MAX_TOTAL_BLOCKED_WAIT_MS = 10_000;

const retryAfterOf = (reply: Reply): string | undefined =>
  reply.kind === 'answer'
    ? reply.headers.find(([name]) => name === 'retry-after')?.[1].trim()
    : undefined;

/** A 429, or a 503 with Retry-After. */
export const isThrottled = ({ reply }: Pick<Exchange, 'reply'>): boolean =>
  reply.kind === 'answer' &&
  (reply.status === HTTP_TOO_MANY ||
    (reply.status === HTTP_UNAVAILABLE && retryAfterOf(reply) !== undefined));

/** Wait in ms that the receiver asks for, in seconds or by date; null if it asks for none. @param now ms since 1970 */
export const retryAfterMs = (reply: Reply, now: number): number | null => {
  const value = retryAfterOf(reply) ?? '';
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
};

export interface ThrottleOptions {
  readonly wall: WallClock;
  /** Ends all waits. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, with the first wait in ms. */
  readonly onFirst?: ((waitMs: number) => void) | undefined;
}

export const createThrottle = ({ wall, signal, onFirst }: ThrottleOptions): Throttle => {
  let count = 0;
  let first: Exchange | null = null;
  let waitedMs = 0;
  let forgedWaitedMs = 0;
  let openAt = 0;
  /** Whether a validly signed request ever got a response that was not limited. */
  let isAdmitted = false;

  const note = (exchange: Exchange): void => {
    if (!isThrottled(exchange)) return;
    count += 1;
    first ??= exchange;
  };

  /** Hold requests back. @returns by how much this extends the wait */
  const holdFor = (ms: number): number => {
    const now = wall.now();
    const extended = Math.max(0, now + ms - Math.max(openAt, now));
    openAt = Math.max(openAt, now + ms);
    waitedMs += extended;
    return extended;
  };

  return {
    note,
    ready: async () => {
      while (openAt > wall.now() && signal?.aborted !== true) {
        await new Promise<void>((resolve) => {
          wall.after(Math.max(1, openAt - wall.now()), resolve);
        });
      }
    },
    shouldRetry: (exchange, attempt, isValid) => {
      if (!isThrottled(exchange)) {
        isAdmitted ||= isValid;
        return false;
      }
      const asked = retryAfterMs(exchange.reply, wall.now());
      const least = FIRST_WAIT_MS * (asked === null ? 2 ** attempt : 1);
      const ms = Math.min(Math.max(asked ?? 0, least), isValid ? MAX_WAIT_MS : MAX_FORGED_WAIT_MS);
      const isSpent = isValid
        ? attempt >= MAX_ATTEMPTS ||
          waitedMs + ms > (isAdmitted ? MAX_TOTAL_WAIT_MS : MAX_TOTAL_BLOCKED_WAIT_MS)
        : attempt > 0 || forgedWaitedMs + ms > MAX_TOTAL_FORGED_WAIT_MS;
      if (isSpent) return false;
      note(exchange);
      if (waitedMs === 0) onFirst?.(ms);
      const extended = holdFor(ms);
      if (!isValid) forgedWaitedMs += extended;
      return true;
    },
    limits: () => ({ count, first, waitedMs }),
  };
};
