/**
 * The receiver is killed right after it responded with 2xx; the event is not sent again.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { explainJournalEnd } from '../../experiments/journal-end.ts';
import { rememberCause } from '../../experiments/known-causes.ts';
import { explainLostAfterStart, explainRestartLoss } from '../../experiments/restart-loss.ts';
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
  title: 'Loses no accepted event, even when killed right after responding with 2xx',
  requirement: {
    text: 'A 2xx acknowledges the event: it is not sent again',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'The event is acknowledged first and held only in memory (a queue, a background task, an unawaited promise) until it is processed.',
  fix: 'Store or process the event before responding: use a table or a durable queue (Redis with persistence, SQS, Sidekiq, BullMQ, Celery with a durable broker). FastAPI BackgroundTasks and setImmediate are not durable.',
  catches: ['delivery-queues-in-memory', 'delivery-journal-ends-at-long-line'],
  stage: 'disturbing',
  needs: ['effects', 'restart'],
  run: async (probe) => {
    const type = await secondaryType(probe);
    const events = Array.from({ length: EVENTS }, () => probe.event(type));
    const sent = await Promise.all(events.map((event) => probe.post(event)));
    const taken = events.filter((_, place) => isAccepted(sent[place]!));
    const back = await restart(probe);
    if (taken.length === 0)
      return notTested(
        `No event was accepted. Response to the first: ${describeReply(sent[0]!.reply)}.`,
      );
    if (!isAccepted(back))
      return notTested(
        `The receiver is not available after the restart: ${describeReply(back.reply)}.`,
      );
    const patience = { forMs: RECOVERS_WITHIN_MS };
    const counts = await Promise.all(
      taken.map(({ id }) => effectsOf(probe).settled(id, 1, patience)),
    );
    const lost = counts.filter((count) => count === 0).length;
    if (lost === 0) return pass();
    const journal = await explainJournalEnd(probe);
    if (journal === null && (await hookForgets(probe))) return notTested(FORGETFUL);
    const end = journal ?? (await explainLostAfterStart(probe, type));
    if (end !== null) rememberCause(probe, 'lost', end);
    const loss =
      end === null ? await explainRestartLoss(probe, type) : { kind: 'lost' as const, cause: end };
    if (loss?.kind === 'late') {
      return pass(
        `what was being processed has its effect up to ${Math.ceil(loss.afterMs / 1000)} s after a restart`,
      );
    }
    return fail({
      symptom: 'lost',
      expected: [`one effect per event within ${RECOVERS_WITHIN_MS / 1000} s after the restart`],
      actual: `${lost} of ${taken.length} events were accepted with 2xx and lost in the restart that followed`,
      exchanges: sent,
      ...(loss !== null && {
        key: loss.cause.key,
        diagnosis: loss.cause.sentence,
        fix: loss.cause.fix,
      }),
    });
  },
});
