/**
 * The receiver ends right after it has answered 2xx: nobody sends that event again.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { effectsOf } from '../../judge/deliver.ts';
import { FORGETFUL, hookForgets } from '../../judge/forgetful-hook.ts';
import { secondaryType } from '../../judge/interests.ts';
import { restart } from '../../judge/restart.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

const EVENTS = 5;
const RECOVERS_WITHIN_MS = 10_000;

export const check = defineCheck({
  id: 'delivery/ack-before-persist',
  level: 'MUST',
  title: 'Loses nothing that it has answered with 2xx, even when it is killed the moment after',
  requirement: {
    text: 'A 2xx says that the event was received: it is not sent again',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'The event is acknowledged first and kept only in memory (a Queue, a background task, a promise nobody waits for) until it is processed.',
  fix: 'Store the event, or process it, before answering: a table or a durable queue (Redis with persistence, SQS, Sidekiq, BullMQ, Celery with a durable broker). FastAPI BackgroundTasks and setImmediate are not durable.',
  catches: ['delivery-queues-in-memory'],
  stage: 'disturbing',
  needs: ['effects', 'restart'],
  run: async (probe) => {
    const type = await secondaryType(probe);
    const events = Array.from({ length: EVENTS }, () => probe.event(type));
    const sent = await Promise.all(events.map((event) => probe.post(event)));
    const taken = events.filter((_, place) => isAccepted(sent[place]!));
    const back = await restart(probe);
    if (taken.length === 0)
      return notTested(`No event was accepted: ${describeReply(sent[0]!.reply)}.`);
    if (!isAccepted(back)) return notTested(`After the restart: ${describeReply(back.reply)}.`);
    const patience = { forMs: RECOVERS_WITHIN_MS };
    const counts = await Promise.all(
      taken.map(({ id }) => effectsOf(probe).settled(id, 1, patience)),
    );
    const lost = counts.filter((count) => count === 0).length;
    if (lost === 0) return pass();
    if (await hookForgets(probe)) return notTested(FORGETFUL);
    return fail({
      symptom: 'lost',
      expected: [`the effect of each, within ${RECOVERS_WITHIN_MS / 1000} s after the restart`],
      actual: `${lost} of ${taken.length} events were answered 2xx and lost in a restart right after`,
      exchanges: sent,
    });
  },
});
