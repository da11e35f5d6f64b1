/**
 * Repeats of the first events of the run at its end.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { sleep } from '../../hooks/hooks.ts';
import { knownCause } from '../../experiments/known-causes.ts';
import { explainByTime, IDS_EXPIRE } from '../../experiments/expiry.ts';
import { firstProcessed, type FirstEvent } from '../../judge/first-events.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import type { Probe } from '../../probe/probe.ts';
import type { Exchange } from '../../net/exchange.ts';
import { fail, isAccepted, notTested, pass } from '../../verdict.ts';

/** The first retry comes 30 seconds after the first attempt. Milliseconds. */
const THOROUGH_AGE_MS = 35_000;
const EVENTS = 3;

/** Sends each again. @returns which of them have another effect */
const repeatEach = async (probe: Probe, events: readonly FirstEvent[]) => {
  const exchanges: Exchange[] = [];
  for (const { body } of events) exchanges.push(await deliver(probe, body));
  await settleBehind(probe);
  const effects = effectsOf(probe);
  const counts = await Promise.all(events.map(({ id }) => effects.settled(id, 1)));
  const doubled = events.filter((_, place) => counts[place]! > 1 && isAccepted(exchanges[place]!));
  return { doubled, exchanges, counts };
};

const timeOf = ({ body }: FirstEvent): number =>
  Date.parse((JSON.parse(body) as { readonly timestamp: string }).timestamp);

/** The event of the last retry is as old as this. Milliseconds. */
const RETRIED_MS = 3_600_000;

/** Events that were old when they were sent first: their ids must be kept as long as those of others. */
const repeatOld = async (probe: Probe): Promise<Verdict | null> => {
  const events = await firstProcessed(probe, 'old');
  const { doubled, exchanges, counts } = await repeatEach(probe, events);
  const [first] = doubled;
  if (first === undefined) return null;
  const ageMs = first.sentAt - timeOf(first);
  const age =
    ageMs < RETRIED_MS
      ? `${Math.round(ageMs / 60_000)} minutes`
      : `${Math.round(ageMs / 86_400_000)} days`;
  return fail({
    symptom: 'doubled',
    key: 'doubled:by-event-time',
    ...(ageMs < RETRIED_MS ? {} : { level: 'SHOULD' as const }),
    expected: ['one effect of each event'],
    actual: `${times(Math.max(...counts))} of an event whose timestamp was ${age} old when it was sent, repeated ${Math.round((probe.wall.now() - first.sentAt) / 100) / 10} s later`,
    diagnosis: `A repeat of an old event takes effect again: its timestamp was ${age} old when it was sent first, and repeats of new events that were sent as long ago are recognised. Ids are removed by the time of the event instead of the time of its arrival.`,
    fix: 'Remove ids by the time at which they were stored.',
    exchanges,
  });
};

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
  catches: ['delivery-ids-expire', 'delivery-ids-by-event-time'],
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
    const { doubled, exchanges, counts } = await repeatEach(probe, events);
    if (doubled.length === 0) return (await repeatOld(probe)) ?? pass(`${seconds} s later`);
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
