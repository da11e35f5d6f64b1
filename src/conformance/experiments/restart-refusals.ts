/**
 * New events that a receiver refuses after a restart, though it is up: whether their number depends on the events before
 * the restart, or on the time since then.
 *
 * @module
 */
import { sleep } from '../hooks/hooks.ts';
import { isRefusedAfterStart, untilAccepted } from '../judge/restart.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

/** Events between two restarts. */
const EVENTS = 12;
/** A single refusal may be one of the first moment. */
const MIN_REFUSED = 2;
/** Requests of other kinds are sent, too: a count is equal within this. */
const TOLERANCE = 2;
const MAX_WAIT_MS = 5000;
const UP_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 50;

/** What a restart was followed by. */
export interface AfterRestart {
  readonly refused: readonly Exchange[];
  readonly isBack: boolean;
  readonly tookMs: number;
}

/** @param exchanges since a restart, the last one accepted if any was */
export const afterRestart = (exchanges: readonly Exchange[], tookMs: number): AfterRestart => {
  const last = exchanges.at(-1);
  return {
    refused: exchanges.filter(isRefusedAfterStart),
    isBack: last !== undefined && isAccepted(last),
    tookMs,
  };
};

/** Until connections are accepted: no event is sent meanwhile. */
const isUp = async (probe: Probe): Promise<boolean> => {
  const until = probe.wall.now() + UP_WITHIN_MS;
  while (probe.wall.now() < until) {
    const connection = await probe.connect();
    const failure = connection.failure();
    connection.close();
    if (failure === null) return true;
    await sleep(probe.wall, LOOK_EVERY_MS);
  }
  return false;
};

/** Some more events and another restart, after which nothing is sent for as long as the first refusals took. */
const again = async (probe: Probe, waitMs: number): Promise<AfterRestart | null> => {
  for (let sent = 0; sent < EVENTS; sent += 1) {
    if (!isAccepted(await probe.post(probe.event()))) return null;
  }
  await probe.hooks.restart?.();
  if (!(await isUp(probe))) return null;
  await sleep(probe.wall, waitMs);
  const from = probe.exchanges.length;
  const startedAt = probe.wall.now();
  await untilAccepted(probe);
  return afterRestart(probe.exchanges.slice(from), probe.wall.now() - startedAt);
};

const FIX =
  'Take numbers and names from the store (AUTOINCREMENT, a sequence, the id of the event), not from a counter in memory; at start, go on behind the highest one that is stored. Read what is stored at start with the code that wrote it.';

/** @returns null when the receiver only needs time, or nothing is refused */
export const explainRestartRefusals = async (
  probe: Probe,
  first: AfterRestart,
): Promise<NamedCause | null> => {
  const { refused, isBack, tookMs } = first;
  if (refused.length < MIN_REFUSED) return null;
  const answer = describeReply(refused.at(-1)!.reply).replace(/ in \d+ ms$/, '');
  if (!isBack) {
    return {
      key: 'restart:refused:all',
      sentence: `After a restart, every new event is refused (${answer}), ${refused.length} in a row within ${Math.round(tookMs / 1000)} s: what is stored keeps the receiver from accepting anything.`,
      fix: FIX,
    };
  }
  const second = await again(probe, Math.min(tookMs + 500, MAX_WAIT_MS));
  if (second === null || second.refused.length < MIN_REFUSED) return null;
  const [before, after] = [refused.length, second.refused.length];
  // The one that ended the first refusals was accepted, too.
  const isByNumber = Math.abs(after - (before + EVENTS + 1)) <= TOLERANCE;
  return isByNumber
    ? {
        key: 'restart:refused:numbers',
        sentence: `After a restart, as many new events are refused (${answer}) as were accepted before it: ${before}, and after ${EVENTS + 1} more events and another restart ${after}. A number, name or sequence that is counted from the beginning again is taken already.`,
        fix: FIX,
      }
    : {
        key: 'restart:refused:some',
        sentence: `After a restart, the first new events are refused (${answer}): ${before}, and after another restart ${after}, however long the receiver has been up.`,
        fix: FIX,
      };
};
