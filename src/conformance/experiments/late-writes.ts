/**
 * Whether a state that a restart loses is kept when it is some seconds old: then it is written now and then, and not in the
 * transaction of the event.
 *
 * @module
 */
import { sleep } from '../hooks/hooks.ts';
import { restart } from '../judge/restart.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';
import { tellStory, type Story } from './lead-story.ts';

/** Ages of a state when the process ends. Milliseconds. */
const AGES_MS = [2500, 6000] as const;

const STORY: Story = {
  steps: [{ type: 'email.unsubscribed', data: { suppressed_globally: true } }],
  expected: { unsubscribed: true },
};

/** @returns null when the receiver does not come back, or nothing can be said */
const survives = async (probe: Probe, ageMs: number): Promise<boolean | null> => {
  const { email, wrong, isUnclear } = await tellStory(probe, STORY);
  const { state } = probe.hooks;
  if (isUnclear || wrong.length > 0 || state === undefined) return null;
  await sleep(probe.wall, ageMs);
  if (!isAccepted(await restart(probe))) return null;
  return (await state(email)).unsubscribed === true;
};

/** @returns null when a state of any age is lost */
export const explainLateWrites = async (probe: Probe): Promise<NamedCause | null> => {
  for (const ageMs of AGES_MS) {
    const isKept = await survives(probe, ageMs);
    if (isKept === null) return null;
    if (!isKept) continue;
    const seconds = (ageMs / 1000).toFixed(1);
    return {
      key: 'restart:late-writes',
      sentence: `The state of leads is written only every few seconds: what changed shortly before a restart is lost, and what was ${seconds} s old is kept, though the event was acknowledged at once.`,
      fix: 'Write the state of the lead in the transaction that stores the event id, before responding with 2xx; a snapshot now and then needs a journal that is replayed behind it.',
    };
  }
  return null;
};
