/**
 * The receiver is killed while it processes an event, and the provider retries the event.
 *
 * @module
 */
import { knownCause, LOST_WITH_SENDER } from '../../experiments/known-causes.ts';
import { explainRefusal, failRefused } from '../../experiments/explain-refusal.ts';
import { isRefusedEvent } from '../../experiments/trial.ts';
import { defineCheck, type Verdict } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import { FORGETFUL, hookForgets } from '../../judge/forgetful-hook.ts';
import { secondaryType } from '../../judge/interests.ts';
import { sleep } from '../../hooks/hooks.ts';
import type { Probe } from '../../probe/probe.ts';
import { restart } from '../../judge/restart.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

const EVENTS = 5;
/** Delays before the kill: long enough for the event to arrive, short enough to interrupt processing; the second one is for a slow machine. */
const KILLS_AFTER_MS = [30, 150];

interface KillResult {
  readonly verdict: Verdict;
  /** Whether the kill left a request without a response. */
  readonly interrupted: boolean;
}

const killAfter = async (probe: Probe, ms: number): Promise<KillResult> => {
  const type = await secondaryType(probe);
  const events = Array.from({ length: EVENTS }, () => probe.event(type));
  const sending = Promise.all(events.map((event) => probe.post(event)));
  await sleep(probe.wall, ms);
  const back = await restart(probe);
  const interrupted = !(await sending).every(isAccepted);
  if (!isAccepted(back)) {
    return {
      interrupted,
      verdict: notTested(
        `The receiver is not available after the restart: ${describeReply(back.reply)}.`,
      ),
    };
  }
  const again = await Promise.all(events.map((event) => deliver(probe, event)));
  const refused = again.find(isRefusedEvent);
  const explanation = refused === undefined ? null : await explainRefusal(probe, refused);
  if (refused !== undefined && explanation !== null)
    return { interrupted, verdict: failRefused(refused, explanation) };
  await settleBehind(probe);
  const effects = effectsOf(probe);
  const counts = await Promise.all(events.map(({ id }) => effects.settled(id, 1)));
  const wrong = counts.filter((count) => count !== 1);
  if (wrong.length === 0) {
    return {
      interrupted,
      verdict: pass(
        `weak evidence: every event was answered before the kill, ${ms} ms after sending`,
      ),
    };
  }
  // An event processed before the kill is correctly not processed again, and a hook that forgot it counts 0.
  if (wrong.includes(0) && (await hookForgets(probe))) {
    return { interrupted, verdict: notTested(FORGETFUL) };
  }
  if (wrong.includes(0) && knownCause(probe, 'lost')?.key === LOST_WITH_SENDER) {
    return {
      interrupted,
      verdict: notTested(
        'The kill closes connections, and what their senders sent is lost: see delivery/sender-gives-up.',
      ),
    };
  }
  return {
    interrupted,
    verdict: fail({
      symptom: wrong.includes(0) ? 'lost' : 'doubled',
      expected: ['one effect per event'],
      actual: `${wrong.length} of ${EVENTS} events interrupted by a restart and sent again: ${wrong.map(times).join(', ')}`,
    }),
  };
};

export const check = defineCheck({
  id: 'delivery/crash-midway',
  level: 'MUST',
  title: 'Processes an event once when killed midway and the event is retried',
  requirement: {
    text: 'An event without a response is retried with the same id; use it to deduplicate (network retries, server restarts)',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause:
    'Marking the event as processed and applying its effect are separate steps: a crash in between processes it twice (effect first) or loses it (mark first).',
  fix: 'Write both in one transaction, or make the effect an upsert keyed by the event id.',
  catches: ['delivery-effect-before-mark', 'delivery-mark-before-effect'],
  stage: 'disturbing',
  needs: ['effects', 'restart'],
  after: ['delivery/dup-seq', 'delivery/dedupe-volatile', 'delivery/sender-gives-up'],
  run: async (probe) => {
    for (const ms of KILLS_AFTER_MS) {
      const { verdict, interrupted } = await killAfter(probe, ms);
      // If every response arrived before the kill, a later kill would not interrupt anything either.
      if (verdict.status !== 'pass' || !interrupted) return verdict;
    }
    return pass('weak evidence: the kill may have missed the critical moment');
  },
});
