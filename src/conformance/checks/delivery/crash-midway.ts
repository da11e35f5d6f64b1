/**
 * The receiver is killed while it processes an event; the provider sends the event again.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import { FORGETFUL, hookForgets } from '../../judge/forgetful-hook.ts';
import { sleep } from '../../hooks/hooks.ts';
import type { Probe } from '../../probe/probe.ts';
import { secondaryType } from '../../judge/interests.ts';
import { restart } from '../../judge/restart.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

const EVENTS = 5;
/** Long enough to arrive, short enough to be at work; once more, later, for a machine that has much to do. */
const KILLS_AFTER_MS = [30, 150];

interface Killed {
  readonly verdict: Verdict;
  /** Whether one was not answered because of it. */
  readonly wasCut: boolean;
}

const killAfter = async (probe: Probe, ms: number): Promise<Killed> => {
  const type = await secondaryType(probe);
  const events = Array.from({ length: EVENTS }, () => probe.event(type));
  const sending = Promise.all(events.map((event) => probe.post(event)));
  await sleep(probe.wall, ms);
  const back = await restart(probe);
  const wasCut = !(await sending).every(isAccepted);
  if (!isAccepted(back)) {
    return { wasCut, verdict: notTested(`After the restart: ${describeReply(back.reply)}.`) };
  }
  await Promise.all(events.map((event) => deliver(probe, event)));
  await settleBehind(probe);
  const effects = effectsOf(probe);
  const counts = await Promise.all(events.map(({ id }) => effects.settled(id, 1)));
  const wrong = counts.filter((count) => count !== 1);
  if (wrong.length === 0) {
    return {
      wasCut,
      verdict: pass(
        `a pass proves little: each was answered before the kill, ${ms} ms after it was sent`,
      ),
    };
  }
  // One that was processed before the kill is rightly not processed again, and then not counted at all.
  if (wrong.includes(0) && (await hookForgets(probe))) {
    return { wasCut, verdict: notTested(FORGETFUL) };
  }
  return {
    wasCut,
    verdict: fail({
      symptom: wrong.includes(0) ? 'lost' : 'doubled',
      expected: ['one effect of each'],
      actual: `${wrong.length} of ${EVENTS} events that were cut off by a restart and sent again: ${wrong.map(times).join(', ')}`,
    }),
  };
};

export const check = defineCheck({
  id: 'delivery/crash-midway',
  level: 'MUST',
  title: 'Has processed an event once when it was killed midway and the event came again',
  requirement: {
    text: 'What is not answered is sent again with the same id; use it to deduplicate (network retries, server restarts)',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause:
    'The mark "processed" and the effect are two steps: a crash between them doubles the event (effect first) or loses it (mark first).',
  fix: 'Write both in one transaction; or make the effect an upsert on the event’s id, which a repeat does not change.',
  catches: ['delivery-effect-before-mark', 'delivery-mark-before-effect'],
  stage: 'disturbing',
  needs: ['effects', 'restart'],
  after: ['delivery/dup-seq', 'delivery/dedupe-volatile'],
  run: async (probe) => {
    for (const ms of KILLS_AFTER_MS) {
      const { verdict, wasCut } = await killAfter(probe, ms);
      // What was answered in time would be answered again, and later still more so.
      if (verdict.status !== 'pass' || !wasCut) return verdict;
    }
    return pass('a pass proves little: the kill may have missed the moment');
  },
});
