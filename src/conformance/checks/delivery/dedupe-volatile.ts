/**
 * A retry that arrives after a restart or a deployment.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import { explainJournalEnd } from '../../experiments/journal-end.ts';
import { rememberCause, type NamedCause } from '../../experiments/known-causes.ts';
import { restart } from '../../judge/restart.ts';
import {
  fail,
  isAccepted,
  notTested,
  pass,
  describeReply,
  describeResponseTo,
} from '../../verdict.ts';

const FIX = 'Store the ids in the database, in the transaction that stores the effect.';

const VOLATILE: NamedCause = {
  key: 'doubled:restart',
  sentence: 'A repeat takes effect again after a restart: processed ids are kept in memory.',
  fix: FIX,
};

export const check = defineCheck({
  id: 'delivery/dedupe-volatile',
  level: 'MUST',
  title: 'Recognizes a duplicate after a restart',
  requirement: {
    text: 'Webhooks can be delivered more than once (network retries, server restarts); "in production, use Redis or a database"',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause: 'Ids are kept in memory (a Set, a dict, an in-process cache), so a restart forgets them.',
  fix: FIX,
  catches: ['delivery-dedupes-in-memory', 'delivery-journal-ends-at-long-line'],
  stage: 'disturbing',
  needs: ['effects', 'restart'],
  after: ['delivery/dup-seq', 'delivery/other-connection'],
  run: async (probe) => {
    const event = probe.event();
    const first = await deliver(probe, event);
    if (!isAccepted(first)) return notTested(`${describeResponseTo('the event', first.reply)}.`);
    const effects = effectsOf(probe);
    if ((await effects.settled(event.id, 1)) === 0) {
      return notTested(
        'The event was accepted with 2xx but had no effect, so a duplicate would not show anything.',
      );
    }
    const back = await restart(probe);
    if (!isAccepted(back))
      return notTested(
        `The receiver is not available after the restart: ${describeReply(back.reply)}.`,
      );
    // Compare counts before and after: a hook that counts in process memory restarts at 0 but still counts the duplicate.
    const before = await effects.settled(event.id, 0);
    await deliver(probe, event);
    await settleBehind(probe);
    const after = await effects.settled(event.id, Math.max(before, 1));
    if (after <= before) {
      return before === 0
        ? pass('by the duplicate alone: the effects hook loses its counts on restart')
        : pass();
    }
    const cause = (await explainJournalEnd(probe)) ?? VOLATILE;
    rememberCause(probe, 'doubled', cause);
    return fail({
      symptom: 'doubled',
      key: cause.key,
      diagnosis: cause.sentence,
      fix: cause.fix,
      expected: ['no additional effect'],
      actual: `${times(after - before)} of a duplicate sent after a restart; the event had already taken effect before it`,
    });
  },
});
