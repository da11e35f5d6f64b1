/**
 * Repeats of the first events of the run at its end.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { sleep } from '../../hooks/hooks.ts';
import { knownCause } from '../../experiments/known-causes.ts';
import { explainByTime, IDS_EXPIRE } from '../../experiments/expiry.ts';
import { firstProcessed } from '../../judge/first-events.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import type { Exchange } from '../../net/exchange.ts';
import { fail, isAccepted, notTested, pass } from '../../verdict.ts';

/** The first retry comes 30 seconds after the first attempt. Milliseconds. */
const THOROUGH_AGE_MS = 35_000;
const EVENTS = 3;

export const check = defineCheck({
  id: 'delivery/late-repeats',
  level: 'MUST',
  title: 'Recognises a repeat some time later',
  requirement: {
    text: 'The first retry comes 30 seconds after the first attempt, the last 35 minutes after it; use the id field to deduplicate',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause: 'Ids are remembered for some seconds only: a cache with a short time to live.',
  fix: 'Keep ids for days, in a table with a unique key or in Redis with a time to live longer than all retries (35 minutes) and restarts.',
  catches: ['delivery-ids-expire'],
  stage: 'review',
  needs: ['effects'],
  after: ['delivery/dup-seq'],
  run: async (probe) => {
    const known = knownCause(probe, 'doubled');
    if (known !== null && known.key !== IDS_EXPIRE) {
      return notTested('Says nothing new: why repeats take effect again is known already.');
    }
    const events = (await firstProcessed(probe)).slice(0, EVENTS);
    const [oldest] = events;
    if (oldest === undefined) {
      return notTested('No event of the beginning of the run has exactly one effect.');
    }
    const ageMs = (): number => probe.wall.now() - oldest.sentAt;
    if (probe.thorough) await sleep(probe.wall, Math.max(0, THOROUGH_AGE_MS - ageMs()));
    const seconds = Math.round(ageMs() / 100) / 10;
    const exchanges: Exchange[] = [];
    for (const { body } of events) exchanges.push(await deliver(probe, body));
    await settleBehind(probe);
    const effects = effectsOf(probe);
    const counts = await Promise.all(events.map(({ id }) => effects.settled(id, 1)));
    const doubled = events.filter(
      (_, place) => counts[place]! > 1 && isAccepted(exchanges[place]!),
    );
    if (doubled.length === 0) return pass(`${seconds} s later`);
    const byTime = known ?? (await explainByTime(probe, Math.min(ageMs(), THOROUGH_AGE_MS)));
    return fail({
      symptom: 'doubled',
      ...(byTime === null
        ? { key: 'doubled:many', level: 'SHOULD' as const }
        : { key: byTime.key, fix: byTime.fix }),
      expected: ['one effect of each event'],
      actual: `${doubled.length} of ${events.length} events, repeated ${seconds} s later: ${times(Math.max(...counts))}`,
      diagnosis:
        byTime?.sentence ??
        `A repeat takes effect again ${seconds} s and many events after its event, though not after as long a pause alone: only the latest ids are kept.`,
      exchanges,
    });
  },
});
