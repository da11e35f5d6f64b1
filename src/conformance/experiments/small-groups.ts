/**
 * Whether events of a burst are lost because a queue is full, or because requests disturb each other: small groups, one
 * after the other, fit into any queue.
 *
 * @module
 */
import type { Shown } from '../histories/cause.ts';
import { play } from '../histories/play.ts';
import { FIX } from '../histories/remedies.ts';
import type { History } from '../histories/step.ts';
import { judgePlayed } from '../histories/violations.ts';
import type { Probe } from '../probe/probe.ts';
import type { NamedCause } from './known-causes.ts';

const GROUP = 6;
const GROUPS = 25;
const ENOUGH_LOST = 3;
const MAX_MS = 6000;
const PATIENCE = { patienceMs: 600 };

const HISTORY: History = [
  {
    kind: 'together',
    parts: Array.from({ length: GROUP }, (_, lead) => ({
      kind: 'event',
      type: 'email.replied',
      lead,
    })),
  },
];

/** @returns the cause when events of small groups are lost, too */
export const explainBySmallGroups = async (
  probe: Probe,
  { violation, played: { history } }: Shown,
): Promise<NamedCause | null> => {
  const isBurst = history.some(({ kind }) => kind === 'burst');
  if (violation.kind !== 'lost' || !isBurst) return null;
  const until = probe.wall.now() + MAX_MS;
  let lost = 0;
  let groups = 0;
  for (; groups < GROUPS && lost < ENOUGH_LOST && probe.wall.now() < until; groups += 1) {
    const played = await play(probe, HISTORY);
    const [violations = []] = await judgePlayed(probe, [played], PATIENCE);
    lost += violations.filter(({ kind }) => kind === 'lost').length;
  }
  if (lost === 0) return null;
  return {
    key: 'lost:in-parallel',
    sentence: `Events that arrive at the same moment as others are accepted and lost now and then (${lost} of ${groups * GROUP} in groups of ${GROUP}): requests that run at the same time disturb each other, as with a locked database whose error is swallowed, or a shared variable.`,
    fix: `${FIX.shared} Wait for a lock (SQLite: busy_timeout), and answer 5xx when an event could not be stored.`,
  };
};
