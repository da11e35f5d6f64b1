/**
 * A retry that comes after a restart or a deployment.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../deliver.ts';
import { restart } from '../../restart.ts';
import { fail, isAccepted, notTested, pass, tell } from '../../verdict.ts';

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
    if (!isAccepted(first)) return notTested(`The event was answered ${tell(first.reply)}.`);
    await effectsOf(probe).settled(event.id, 1);
    const back = await restart(probe);
    if (!isAccepted(back)) return notTested(`After the restart: ${tell(back.reply)}.`);
    await deliver(probe, event);
    await settleBehind(probe);
    const count = await effectsOf(probe).settled(event.id, 1);
    if (count <= 1) return pass();
    return fail({
      expected: ['one effect'],
      actual: `${times(count)} of one event, sent before and after a restart`,
    });
  },
});
