/**
 * Whether an update of a lead is lost because of its time alone: two events of one lead within the same second, sent one
 * after the other, against the same events a minute apart.
 *
 * @module
 */
import type { Shown } from '../histories/cause.ts';
import { play } from '../histories/play.ts';
import { partsOf, type History, type Step } from '../histories/step.ts';
import { judgePlayed } from '../histories/violations.ts';
import type { Probe } from '../probe/probe.ts';
import type { NamedCause } from './known-causes.ts';

const ROUNDS = 3;
const PATIENCE = { patienceMs: 600 };

/** The same requests one after the other. */
const inTurn = (history: History): History =>
  history.flatMap((step): readonly Step[] =>
    step.kind === 'together' ? partsOf(step).map((part) => ({ ...part, path: 'kept' })) : [step],
  );

/** Whether a history leaves a wrong state each time, or never; null when it does now and then. */
const isWrong = async (
  probe: Probe,
  history: History,
  secondsApart: number,
): Promise<boolean | null> => {
  const wrong: boolean[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [violations = []] = await judgePlayed(
      probe,
      [await play(probe, history, { secondsApart })],
      PATIENCE,
    );
    wrong.push(violations.some(({ kind }) => kind === 'state' || kind === 'lost'));
  }
  return wrong.every((one) => one === wrong[0]) ? wrong[0]! : null;
};

/** @returns the cause when it is not that the events arrive at the same moment, but that they have the same time */
export const explainBySameSecond = async (
  probe: Probe,
  { violation, played: { history } }: Shown,
): Promise<NamedCause | null> => {
  const isState = violation.kind === 'state' || violation.kind === 'lost';
  const isTogether = history.some((step) => step.kind === 'together' && step.parts.length > 1);
  if (!isState || !isTogether) return null;
  const sequence = inTurn(history);
  if ((await isWrong(probe, sequence, 0)) !== true) return null;
  if ((await isWrong(probe, sequence, 60)) !== false) return null;
  return {
    key: `${violation.kind}:same-second`,
    sentence: `Of two events of one lead with the same timestamp only the first one counts (${violation.actual}), though they arrive one after the other; a minute apart both count.`,
    fix: 'Timestamps have whole seconds, so several events of a lead share one. Drop an event as outdated only if its timestamp is older than that of the value that it would change, not if it is equal.',
  };
};
