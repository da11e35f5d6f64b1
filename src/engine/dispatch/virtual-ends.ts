/**
 * Results of attempts that have ended in real time but not yet on the account's clock.
 *
 * A timed-out attempt takes the documented time limit on the account's clock, however long it really took. Until the
 * clock gets there, the delivery stays in flight and its result is kept here: see {@link AccountClock}.
 *
 * @module
 */
import type { Millis } from '../../domain/delivery.ts';
import type { Endpoint } from './endpoints.ts';

export interface VirtualEnd {
  readonly endpoint: Endpoint;
  readonly endsAt: Millis;
  /** Record the result with this end time. */
  record(endedAt: Millis): void;
}

export interface VirtualEnds {
  size(): number;
  /** The earliest end; Infinity if empty. */
  earliest(): Millis;
  add(end: VirtualEnd): void;
  /** Record the results that ended by `now`, and those of removed webhooks at once, because no retry follows. */
  runDue(now: Millis): void;
}

export const createVirtualEnds = (): VirtualEnds => {
  let ends: VirtualEnd[] = [];
  let earliest = Infinity;

  const isDue = ({ endpoint, endsAt }: VirtualEnd, now: Millis): boolean =>
    endsAt <= now || endpoint.removed;

  return {
    size: () => ends.length,
    earliest: () => earliest,
    add: (end) => {
      ends.push(end);
      earliest = Math.min(earliest, end.endsAt);
    },
    runDue: (now) => {
      const due = ends.filter((end) => isDue(end, now));
      if (due.length === 0) return;
      ends = ends.filter((end) => !isDue(end, now));
      earliest = ends.reduce((least, { endsAt }) => Math.min(least, endsAt), Infinity);
      for (const end of due) end.record(Math.min(end.endsAt, now));
    },
  };
};
