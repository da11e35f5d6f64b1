/**
 * A duplicate that arrives after many other events.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import { acceptedSince, firstProcessed, type FirstEvent } from '../../judge/first-events.ts';
import type { Probe } from '../../probe/probe.ts';
import { knowsCause } from '../../experiments/known-causes.ts';
import { explainByTime } from '../../experiments/expiry.ts';
import { fail, isAccepted, notTested, pass } from '../../verdict.ts';

/** More than common cache sizes: 100, 256, 500, 1000. */
const OTHERS = 1100;
const CONCURRENCY = 16;
const SLOW_CONCURRENCY = 60;
/** With fewer events in between, a pass would not be meaningful. */
const MIN_OTHERS = 100;
/** One for each connection. */
const SLOW_MIN_OTHERS = 50;

const minOthers = (probe: Probe): number => (probe.isSlow() ? SLOW_MIN_OTHERS : MIN_OTHERS);
/** A slow receiver gets fewer events; a very slow one gets up to `MAX_MS` for the minimum. */
const SEND_FOR_MS = 3000;
const MAX_MS = 9000;

/** @param before how many were accepted by other checks already. @returns how many there are in all */
const sendOthers = async (probe: Probe, before: number): Promise<number> => {
  const begun = probe.wall.now();
  const least = minOthers(probe);
  let remaining = (probe.isSlow() ? SLOW_CONCURRENCY : OTHERS) - before;
  let accepted = before;
  const isTime = (): boolean =>
    probe.wall.now() < begun + (accepted < least ? MAX_MS : SEND_FOR_MS);
  const send = async (): Promise<void> => {
    while (remaining > 0 && isTime() && probe.signal?.aborted !== true) {
      remaining -= 1;
      if (isAccepted(await probe.post(probe.event()))) accepted += 1;
    }
  };
  const workers = probe.isSlow() ? SLOW_CONCURRENCY : CONCURRENCY;
  await Promise.all(Array.from({ length: workers }, send));
  return accepted;
};

/** Of these, `delivery/late-repeats` repeats the others. */
const KEPT_FOR_OTHERS = 3;

/** An event of the beginning of the run: what was sent since need not be sent again. */
const firstOf = async (probe: Probe): Promise<FirstEvent | null> => {
  const early = (await firstProcessed(probe))[KEPT_FOR_OTHERS];
  if (early !== undefined) return early;
  const event = probe.event();
  const body = probe.write(event);
  const isTaken = isAccepted(await deliver(probe, body));
  return isTaken ? { id: event.id, body, sentAt: probe.wall.now() } : null;
};

export const check = defineCheck({
  id: 'delivery/dedupe-evict',
  level: 'SHOULD',
  title: 'Recognizes a duplicate after a thousand other events',
  requirement: {
    text: 'A retry arrives up to 35 minutes after the first attempt, with any number of events in between; use the id field to deduplicate',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause:
    'Ids are kept in a fixed-size cache (LRU, ring buffer, capped list), and a busy campaign evicts them within minutes.',
  fix: 'Expire ids by age, not by count: use a table, or Redis keys that expire after several days.',
  catches: ['delivery-small-cache'],
  stage: 'flood',
  needs: ['effects'],
  after: ['delivery/dup-seq'],
  run: async (probe) => {
    const first = await firstOf(probe);
    if (first === null) return notTested('No plain event was accepted.');
    const others = await sendOthers(probe, await acceptedSince(probe, first));
    if (others < minOthers(probe)) {
      return notTested(
        `Only ${others} other events were accepted within ${MAX_MS / 1000} s: too few to judge. Run the suite against a faster instance.`,
      );
    }
    await deliver(probe, first.body);
    await settleBehind(probe);
    const count = await effectsOf(probe).settled(first.id, 1, { forMs: 10_000 });
    if (count === 1) return pass(`after ${others} other events`);
    const isOfNumber = count > 1 && !knowsCause(probe, 'doubled');
    const byTime = count > 1 ? await explainByTime(probe, probe.wall.now() - first.sentAt) : null;
    return fail({
      ...(byTime === null
        ? isOfNumber
          ? { key: 'doubled:many' }
          : {}
        : { key: byTime.key, diagnosis: byTime.sentence, fix: byTime.fix }),
      symptom: count === 0 ? 'lost' : 'doubled',
      expected: ['one effect'],
      actual: `${times(count)} of one event, sent before and after ${others} other events`,
    });
  },
});
