/**
 * A retry that arrives after a restart or a deployment.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import { explainJournalEnd } from '../../experiments/journal-end.ts';
import { rememberCause, type NamedCause } from '../../experiments/known-causes.ts';
import { answerText } from '../../experiments/answer-text.ts';
import { isRefusedEvent } from '../../experiments/trial.ts';
import { restart } from '../../judge/restart.ts';
import type { Exchange } from '../../net/exchange.ts';
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

const refusedRepeat = (control: Exchange, repeat: Exchange): Verdict =>
  fail({
    key: 'refused:repeat-after-restart',
    expected: ['a 2xx for a repeat, as before the restart'],
    actual: `${describeReply(repeat.reply)} for a repeat after a restart; ${describeReply(control.reply)} for the same repeat before it`,
    diagnosis: `After a restart, a repeat of an earlier event is refused (${answerText(repeat.reply)}): that it was processed is known in memory only, and what is stored of it stands in the way of storing it again. It is sent again each time, and ends as a failed event.`,
    fix: 'Look for the id in the store, not in memory, and answer 2xx when it is there; let a unique key that is violated mean "processed".',
    exchanges: [control, repeat],
  });

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
  catches: [
    'delivery-dedupes-in-memory',
    'delivery-journal-ends-at-long-line',
    'delivery-repeat-refused-after-restart',
  ],
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
    // The control: the same repeat before the restart.
    const control = await deliver(probe, event);
    const back = await restart(probe);
    if (!isAccepted(back))
      return notTested(
        `The receiver is not available after the restart: ${describeReply(back.reply)}.`,
      );
    // Compare counts before and after: a hook that counts in process memory restarts at 0 but still counts the duplicate.
    const before = await effects.settled(event.id, 0);
    const repeat = await deliver(probe, event);
    await settleBehind(probe);
    const after = await effects.settled(event.id, Math.max(before, 1));
    if (after <= before) {
      if (isAccepted(control) && isRefusedEvent(repeat)) return refusedRepeat(control, repeat);
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
