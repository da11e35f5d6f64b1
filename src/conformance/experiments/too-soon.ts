/**
 * Whether only a repeat that comes soon takes effect again: events that are repeated at once, and others a moment later.
 *
 * @module
 */
import type { Shown } from '../histories/cause.ts';
import { sleep } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';
import { isForgottenAfter } from './expiry.ts';
import { knowsCause, rememberCause, type NamedCause } from './known-causes.ts';
import { knowledgeOf } from './knowledge.ts';

const PAUSES_MS = [300, 1000, 2500] as const;
const EVENTS = 5;
/** Seen so often of {@link EVENTS}, a repeat at once takes effect again. */
const ENOUGH = 2;
/** Between the events of a group, which would otherwise meet the same moment of a timer. Milliseconds. */
const APART_MS = 130;

/** How many of a few events take effect again when they are repeated after a pause. */
const doubledAfter = async (probe: Probe, pauseMs: number): Promise<number> => {
  const doubled = await Promise.all(
    Array.from({ length: EVENTS }, async (_, place) => {
      await sleep(probe.wall, place * APART_MS);
      return isForgottenAfter(probe, pauseMs);
    }),
  );
  return doubled.filter(Boolean).length;
};

const seconds = (ms: number): string => `${ms / 1000} s`;

const experiment = async (probe: Probe): Promise<NamedCause | null> => {
  const soon = await doubledAfter(probe, 0);
  if (soon < ENOUGH) return null;
  for (const pauseMs of PAUSES_MS) {
    if ((await doubledAfter(probe, pauseMs)) > 0) continue;
    if ((await doubledAfter(probe, pauseMs)) > 0) continue;
    const cause = {
      key: 'doubled:soon',
      sentence: `A repeat that comes at once takes effect again (${soon} of ${EVENTS}), one that comes ${seconds(pauseMs)} after its event does not (none of ${2 * EVENTS}): the id is known late where it is looked up, as in a read replica, a cache or a file that is written now and then.`,
      fix: 'Look up the id where it is stored, and in one step: insert it under a unique key in the transaction of the effect, on the primary database, and continue only when a row was inserted.',
    };
    rememberCause(probe, 'doubled', cause);
    return cause;
  }
  return null;
};

/** @returns the cause when a later repeat has no effect; null when it has one as well, or a cause is known; tried once in a run */
export const explainTooSoon = async (probe: Probe): Promise<NamedCause | null> => {
  if (probe.effects === null || probe.isSlow()) return null;
  return probe.memory.once('too soon', () =>
    knowledgeOf(probe).inTurn(async () =>
      knowsCause(probe, 'doubled') ? null : probe.alone(() => experiment(probe)),
    ),
  );
};

/** @param shown a repeat that took effect again */
export const explainRepeat = async (
  probe: Probe,
  { violation: { kind }, played: { history } }: Shown,
): Promise<NamedCause | null> => {
  const isAtOnce = history.every((step) => step.kind === 'event' || step.kind === 'repeat');
  return kind === 'doubled' && isAtOnce ? explainTooSoon(probe) : null;
};
