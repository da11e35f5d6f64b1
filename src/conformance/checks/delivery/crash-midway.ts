/**
 * The receiver is killed while it processes an event; the provider sends the event again.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../deliver.ts';
import { sleep } from '../../probe/hooks.ts';
import { restart } from '../../restart.ts';
import { fail, isAccepted, notTested, pass, tell } from '../../verdict.ts';

const EVENTS = 5;
/** Long enough to arrive, short enough to be at work. */
const KILL_AFTER_MS = 30;

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
    const events = Array.from({ length: EVENTS }, () => probe.event('email.clicked'));
    const cut = Promise.all(events.map((event) => probe.post(event)));
    await sleep(probe.wall, KILL_AFTER_MS);
    const back = await restart(probe);
    if (!isAccepted(back)) return notTested(`After the restart: ${tell(back.reply)}.`);
    await Promise.all([cut, ...events.map((event) => deliver(probe, event))]);
    await settleBehind(probe);
    const effects = effectsOf(probe);
    const counts = await Promise.all(events.map(({ id }) => effects.settled(id, 1)));
    const wrong = counts.filter((count) => count !== 1);
    if (wrong.length === 0)
      return pass('a pass proves little: the kill may have missed the moment');
    return fail({
      expected: ['one effect of each'],
      actual: `${wrong.length} of ${EVENTS} events that were cut off by a restart and sent again: ${wrong.map(times).join(', ')}`,
    });
  },
});
