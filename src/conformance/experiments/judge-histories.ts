/**
 * A verdict on histories: the shortest that violates an invariant, told as numbered steps.
 *
 * @module
 */
import type { Symptom, Verdict } from '../check.ts';
import { causeOf, type Shown } from '../histories/cause.ts';
import { describeHistory, describeStep } from '../histories/describe.ts';
import { examine, type ExamineOptions, type Examined } from '../histories/examine.ts';
import type { History } from '../histories/step.ts';
import type { Probe } from '../probe/probe.ts';
import { fail, notTested, pass } from '../verdict.ts';
import { explainBurstLoss } from './burst-loss.ts';
import { explainBySameTimestamp } from './circumstances.ts';
import { explainCloseTogether } from './close-together.ts';
import { explainOwnRetry } from './late-after-failure.ts';
import { explainOutage } from './outage.ts';
import { explainOvertaken } from './overtaken.ts';
import { explainByRate } from './rate.ts';
import { explainByNumber } from './rhythm.ts';
import { explainBySameSecond } from './same-second.ts';
import { explainBySmallGroups } from './small-groups.ts';
import { explainRepeat } from './too-soon.ts';
import {
  knownCause,
  knowsCause,
  rememberCause,
  SECOND_OPEN,
  type NamedCause,
} from './known-causes.ts';

const EXPECTED: Readonly<Record<Symptom, string>> = {
  forged: 'no effect of a forged request',
  refused: 'a 2xx for every valid event',
  doubled: 'one effect of every accepted event',
  lost: 'one effect of every accepted event',
  state: 'the state that the accepted events add up to',
};

const LASTING: Readonly<Record<Symptom, string>> = {
  forged: 'forged requests take effect',
  refused: 'every valid event is refused',
  doubled: 'every event takes effect more than once',
  lost: 'accepted events have no effect any longer',
  state: 'the state of leads is wrong',
};

const needsSecret = ({ played }: Shown): boolean =>
  played.history.some((step) => step.kind === 'malformed' && step.form !== 'not JSON');

/** Two requests at the same moment, after which nothing is answered any longer. */
const deadlockIn = ({
  violation: { kind, sent },
  played: { history },
}: Shown): NamedCause | null => {
  const { reply } = sent.exchange;
  const isHung = kind === 'refused' && reply.kind === 'none' && reply.cause === 'timeout';
  const together = history.find((step) => step.kind === 'together');
  if (!isHung || together === undefined) return null;
  return {
    key: 'hang:deadlock',
    sentence: `Requests that arrive at the same moment wait for each other for ever, a deadlock (${describeStep(together)}): they get no response, and neither does any event since then.`,
    fix: 'Take locks in one and the same order everywhere, or one lock only, and give up waiting for one after a second.',
  };
};

/** The receiver as a whole is in another state: what it was after is the best that can be said without a restart. */
const lastingCause = async (probe: Probe, shown: Shown): Promise<NamedCause> => {
  const { kind: symptom, sent } = shown.violation;
  const { reply } = sent.exchange;
  // One that is down is looked after elsewhere: its supervisor may be about to start it again.
  const isUp = reply.kind === 'answer' || reply.cause === 'timeout';
  const outage = symptom === 'refused' && isUp ? await explainOutage(probe, null) : null;
  if (outage !== null) return outage;
  const deadlock = deadlockIn(shown);
  if (deadlock !== null) return deadlock;
  const { kind } = shown.violation;
  return {
    key: `since:${kind}`,
    sentence: `Since ${shown.played.history.map(describeStep).join(', then ')}, ${LASTING[kind]}, one at a time and with fresh ids, too.`,
    fix: 'Catch every error of a single event where it is handled, so that a worker, a pool or a lock outlives it.',
  };
};

/** What another check has shown of opens. */
const secondOpenIn = (probe: Probe, { violation: { sent } }: Shown): NamedCause | null => {
  const known = knownCause(probe, 'state');
  return sent.event?.event === 'email.opened' && known?.key === SECOND_OPEN ? known : null;
};

const verdictOn = async (probe: Probe, shown: Shown, examined: Examined): Promise<Verdict> => {
  const { violation, played } = shown;
  const { isLasting, isReproduced } = examined;
  const cause =
    examined.cause ??
    secondOpenIn(probe, shown) ??
    (isLasting ? await lastingCause(probe, shown) : causeOf(shown));
  rememberCause(probe, violation.kind, cause);
  const more = shown.alike > 1 ? `, and ${shown.alike - 1} more like it` : '';
  const once = isReproduced ? '' : ' (seen once, not when played again)';
  return fail({
    ...(needsSecret(shown) ? { level: 'SHOULD' as const } : {}),
    symptom: violation.kind,
    key: cause.key,
    expected: [EXPECTED[violation.kind]],
    actual: `${describeHistory(played)}; then ${violation.actual}${more}${once}`,
    diagnosis: cause.sentence,
    fix: cause.fix,
    exchanges: played.sent.map(({ exchange }) => exchange),
  });
};

const PLAY_FOR_MS = 5000;

export interface JudgeOptions extends Partial<Omit<ExamineOptions, 'kinds' | 'explain'>> {
  /** Symptoms that the check speaks of; all unless given. */
  readonly kinds?: readonly Symptom[];
}

export const judgeHistories = async (
  probe: Probe,
  histories: Iterable<History>,
  {
    kinds = ['forged', 'refused', 'doubled', 'lost', 'state'],
    playForMs = PLAY_FOR_MS,
    ...options
  }: JudgeOptions = {},
): Promise<Verdict> => {
  // What an earlier experiment has explained is not looked for again.
  const isKnown = (kind: Symptom): boolean =>
    knowsCause(probe, kind) || (kind === 'state' && knowsCause(probe, 'lost'));
  const unexplained = kinds.filter((kind) => !isKnown(kind));
  if (unexplained.length === 0) return notTested('Says nothing new: the cause is known already.');
  const byRate = async ({ violation: { kind } }: Shown): Promise<NamedCause | null> =>
    kind === 'lost' || kind === 'refused' ? explainByRate(probe, kind) : null;
  const explain = async (shown: Shown): Promise<NamedCause | null> =>
    (await byRate(shown)) ??
    (shown.violation.kind === 'lost'
      ? ((await explainOvertaken(probe)) ?? (await explainCloseTogether(probe)))
      : null) ??
    (await explainBySameTimestamp(probe, shown)) ??
    (await explainOwnRetry(probe, shown)) ??
    (await explainRepeat(probe, shown)) ??
    (await explainByNumber(probe, shown)) ??
    (await explainBySameSecond(probe, shown)) ??
    (await explainBySmallGroups(probe, shown)) ??
    explainBurstLoss(probe, shown);
  const examined = await examine(probe, histories, {
    kinds: unexplained,
    playForMs,
    explain,
    ...options,
  });
  if (examined.shown !== null) return verdictOn(probe, examined.shown, examined);
  return pass(`${examined.histories} sequences, ${examined.requests} requests`);
};
