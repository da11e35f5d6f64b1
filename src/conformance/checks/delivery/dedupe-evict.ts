/**
 * A repeat that comes after many other events.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import type { Probe } from '../../probe/probe.ts';
import { knowsCause } from '../../experiments/known-causes.ts';
import { explainByTime } from '../../experiments/expiry.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

/** Above the sizes that people give such caches: 100, 256, 500, 1000. */
const OTHERS = 1100;
const AT_ONCE = 16;
/** With fewer than these in between, a pass would say nothing. */
const FEWEST = 100;
/** A slow receiver gets fewer, and a very slow one more time for the fewest. Milliseconds. */
const SEND_FOR_MS = 3000;
const MAX_MS = 9000;

const sendOthers = async (probe: Probe): Promise<number> => {
  const begun = probe.wall.now();
  let left = OTHERS;
  let taken = 0;
  const isTime = (): boolean => probe.wall.now() < begun + (taken < FEWEST ? MAX_MS : SEND_FOR_MS);
  const send = async (): Promise<void> => {
    while (left > 0 && isTime() && probe.signal?.aborted !== true) {
      left -= 1;
      if (isAccepted(await probe.post(probe.event()))) taken += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  return taken;
};

export const check = defineCheck({
  id: 'delivery/dedupe-evict',
  level: 'SHOULD',
  title: 'Recognises a repeat after a thousand other events',
  requirement: {
    text: 'A retry comes up to 35 minutes after the first attempt, and any number of events in between; use the id field to deduplicate',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause:
    'Ids are kept in a cache of a fixed size (LRU, a ring, a capped list), and a busy campaign pushes them out within minutes.',
  fix: 'Keep ids by time and not by number: a table, or Redis keys that expire after some days.',
  catches: ['delivery-small-cache'],
  stage: 'flood',
  needs: ['effects'],
  after: ['delivery/dup-seq'],
  run: async (probe) => {
    const event = probe.event();
    const first = await deliver(probe, event);
    if (!isAccepted(first))
      return notTested(`The event was answered ${describeReply(first.reply)}.`);
    const begunMs = probe.wall.now();
    const others = await sendOthers(probe);
    if (others < FEWEST) {
      return notTested(
        `Only ${others} other events were accepted within ${MAX_MS / 1000} s: too few to describeReply. Run it against a faster instance.`,
      );
    }
    await deliver(probe, event);
    await settleBehind(probe);
    const count = await effectsOf(probe).settled(event.id, 1, { forMs: 10_000 });
    if (count === 1) return pass(`after ${others} others`);
    const isOfNumber = count > 1 && !knowsCause(probe, 'doubled');
    const byTime = count > 1 ? await explainByTime(probe, probe.wall.now() - begunMs) : null;
    return fail({
      ...(byTime === null
        ? isOfNumber
          ? { key: 'doubled:many' }
          : {}
        : { key: byTime.key, diagnosis: byTime.sentence, fix: byTime.fix }),
      symptom: count === 0 ? 'lost' : 'doubled',
      expected: ['one effect'],
      actual: `${times(count)} of one event, sent before and after ${others} others`,
    });
  },
});
