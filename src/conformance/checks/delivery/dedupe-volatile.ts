/**
 * A retry that comes after a restart or a deployment.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import { rememberCause } from '../../experiments/known-causes.ts';
import { restart } from '../../judge/restart.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/dedupe-volatile',
  level: 'MUST',
  title: 'Recognises a repeat after a restart',
  requirement: {
    text: 'Webhooks can be delivered more than once (network retries, server restarts); "in production, use Redis or a database"',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause:
    'The ids are kept in memory (a Set, a dict, a cache in the process), so a restart forgets them.',
  fix: 'Keep the ids in the database, in the transaction that stores the effect.',
  catches: ['delivery-dedupes-in-memory'],
  stage: 'disturbing',
  needs: ['effects', 'restart'],
  after: ['delivery/dup-seq'],
  run: async (probe) => {
    const event = probe.event();
    const first = await deliver(probe, event);
    if (!isAccepted(first))
      return notTested(`The event was answered ${describeReply(first.reply)}.`);
    const effects = effectsOf(probe);
    if ((await effects.settled(event.id, 1)) === 0) {
      return notTested(
        'The event was answered 2xx and took no effect, so its repeat says nothing.',
      );
    }
    const back = await restart(probe);
    if (!isAccepted(back)) return notTested(`After the restart: ${describeReply(back.reply)}.`);
    // By its rise: a hook that counts in the process's memory begins anew, and counts the repeat all the same.
    const before = await effects.settled(event.id, 0);
    await deliver(probe, event);
    await settleBehind(probe);
    const after = await effects.settled(event.id, Math.max(before, 1));
    if (after <= before) {
      return before === 0
        ? pass('by the repeat alone: the effects hook begins anew with each restart')
        : pass();
    }
    rememberCause(probe, 'doubled', {
      key: 'doubled:restart',
      sentence: 'A repeat takes effect again after a restart: processed ids are kept in memory.',
      fix: check.fix,
    });
    return fail({
      symptom: 'doubled',
      key: 'doubled:restart',
      expected: ['no further effect'],
      actual: `${times(after - before)} of the repeat, sent after a restart, of an event that had taken effect before it`,
    });
  },
});
