/**
 * Refusals that do not repeat by themselves: whether one comes behind another request each time, as where a refused
 * request leaves its body unread on the connection.
 *
 * @module
 */
import { causeOf, type Shown } from '../histories/cause.ts';
import { play } from '../histories/play.ts';
import type { History } from '../histories/step.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted, describeReply } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';
import { AFTERMATH } from './sequences.ts';

/** Seen so often, it is no accident: a receiver that refuses a third of its events by chance shows as much once in 10,000 trials. */
const TIMES = 5;
const TIMES_ALONE = 8;

/** The event of the last step, refused. */
const refusedLast = async (probe: Probe, history: History): Promise<Shown | null> => {
  const played = await play(probe, history);
  const sent = played.sent.at(-1);
  if (sent === undefined || sent.isThrottled || isAccepted(sent.exchange)) return null;
  const actual = `answered ${describeReply(sent.exchange.reply)}`;
  return { played, violation: { kind: 'refused', sent, count: null, actual }, alike: 1 };
};

const refusedEachTime = async (probe: Probe, history: History): Promise<Shown | null> => {
  let shown: Shown | null = null;
  for (let time = 0; time < TIMES; time += 1) {
    shown = await refusedLast(probe, history);
    if (shown === null) return null;
  }
  return shown;
};

/** A refusal that another request brings about. */
export interface Behind {
  readonly cause: NamedCause;
  readonly exchanges: readonly Exchange[];
}

const acceptedAlone = async (probe: Probe, history: History): Promise<boolean> => {
  for (let time = 0; time < TIMES_ALONE; time += 1)
    if ((await refusedLast(probe, history.slice(-1))) !== null) return false;
  return true;
};

/** What a valid event is refused behind, each time; null when it is behind nothing that was tried. */
export const explainByAftermath = async (probe: Probe): Promise<Behind | null> => {
  for (const history of AFTERMATH) {
    const shown = await refusedEachTime(probe, history);
    if (shown === null || !(await acceptedAlone(probe, history))) continue;
    const exchanges = shown.played.sent.map(({ exchange }) => exchange);
    return { cause: causeOf(shown), exchanges };
  }
  return null;
};
