/**
 * A failed first attempt must not make the retry look like a duplicate.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { findLate, type Late } from '../../experiments/late-after-failure.ts';
import { deliver, effectsOf, times } from '../../judge/deliver.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Event } from '../../probe/event-maker.ts';
import type { Probe } from '../../probe/probe.ts';
import { statusOf } from '../../diagnosis/evidence.ts';
import { answerText } from '../../experiments/answer-text.ts';
import { isRefusedEvent } from '../../experiments/trial.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

const verdictOnLate = ({ firstMs, laterMs }: Late): Verdict =>
  laterMs === null
    ? pass(`processed ${seconds(firstMs)} later`)
    : fail({
        level: 'SHOULD',
        key: 'late:growing',
        expected: ['about the same delay after each outage'],
        actual: `the effect came ${seconds(firstMs)} after one outage and ${seconds(laterMs)} after the next`,
        diagnosis: `After each short outage accepted events wait longer for their effect, ${seconds(firstMs)} and then ${seconds(laterMs)}: the delay between two tries grows with each failure and is never set back after a success.`,
        fix: 'Set the delay of a worker back to its first value as soon as an event is processed, and limit it.',
      });

interface RefusedRetry {
  readonly key: string;
  readonly diagnosis: string;
  readonly fix: string;
}

/**
 * The retry itself is refused, and refused again, while a new event is accepted: what is remembered of the first try is more
 * than its id. Null if the retry is not refused each time, or new events are refused, too.
 */
const explainRefusedRetry = async (
  probe: Probe,
  event: Event,
  failed: Exchange,
  retried: Exchange,
): Promise<RefusedRetry | null> => {
  if (!isRefusedEvent(retried)) return null;
  if (!isAccepted(await deliver(probe, probe.event()))) return null;
  if (!isRefusedEvent(await deliver(probe, event))) return null;
  const beside = 'while a new event is accepted';
  return statusOf(retried) === statusOf(failed)
    ? {
        key: 'lost:failure-kept',
        diagnosis: `Once an event has failed, each retry of it is answered as its first try was (${answerText(retried.reply)}), ${beside}: the failure is kept under its id, as the result of a finished event is.`,
        fix: 'Keep the result of an event only when it has succeeded; forget a failure, so that the retry is processed.',
      }
    : {
        key: 'lost:retry-refused',
        diagnosis: `The retry of an event that failed is refused (${answerText(retried.reply)}), ${beside}: a guard against replays remembers its signature or its id before the event is processed, and takes the retry for a replay.`,
        fix: 'Let a retry pass: remember a signature or an id only together with the effect of its event, and answer 2xx to what has had its effect.',
      };
};

export const check = defineCheck({
  id: 'delivery/mark-before-success',
  level: 'MUST',
  title: 'Processes the retry of an event whose first attempt failed',
  requirement: {
    text: 'An event that does not get a 2xx is retried after 30 seconds, 5 minutes and 30 minutes, with the same id',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause:
    'The id is marked as processed before the work is done and stays marked when the work fails (the guide’s own sample does this).',
  fix: 'Mark and process in one transaction so that both are rolled back, or remove the mark when processing fails.',
  catches: [
    'delivery-marks-before-success',
    'delivery-handler-marks-before-success',
    'delivery-keeps-failures',
    'delivery-takes-retry-for-replay',
  ],
  stage: 'disturbing',
  needs: ['fault', 'effects'],
  run: async (probe) => {
    const event = probe.event();
    const failed = await whileFailing(probe, () => probe.post(event));
    const retried = await deliver(probe, event);
    const count = await effectsOf(probe).settled(event.id, 1);
    if (count === 1) return pass();
    const late = count === 0 && isAccepted(retried) ? await findLate(probe, event) : null;
    if (late !== null) return verdictOnLate(late);
    const refusal = count === 0 ? await explainRefusedRetry(probe, event, failed, retried) : null;
    return fail({
      ...refusal,
      symptom: count === 0 ? 'lost' : 'doubled',
      expected: ['one effect'],
      actual: `${times(count)}: ${describeReply(failed.reply)} while processing failed, then ${describeReply(retried.reply)} for the retry`,
    });
  },
});
