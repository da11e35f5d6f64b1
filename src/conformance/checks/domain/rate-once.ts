/**
 * Rates count each event once, however often it was sent.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { findMiscount, type Disturbance } from '../../experiments/counted-once.ts';
import { fail, notTested, pass } from '../../verdict.ts';

const WHAT: Readonly<Record<Disturbance, string>> = {
  repeat: 'that is sent twice',
  failed: 'whose first try failed and whose retry succeeded',
  forged: 'that is forged and refused',
  together: 'that arrives at the same moment as others',
};

const WHY: Readonly<Record<Disturbance, string>> = {
  repeat: 'the counter is increased before the id is looked up',
  failed:
    'the failed try is counted and not taken back, because the counter is not part of the transaction that is rolled back',
  forged: 'it is counted before its signature is verified',
  together:
    'the counter is read, increased and written back by requests that run at the same time, so that updates are lost',
};

const countOf = (times: number): string =>
  times === 0 ? 'is not counted' : times === 1 ? 'is counted' : `is counted ${times} times`;

export const check = defineCheck({
  id: 'domain/rate-once',
  level: 'SHOULD',
  title: 'Counts each event once in rates, also after a failed try and a repeat',
  requirement: {
    text: 'An event that does not get a 2xx is sent again with the same id, and webhooks can be delivered more than once: use the id field to deduplicate',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause: 'Counters are increased outside the transaction that marks the event as processed.',
  fix: 'Increase counters in the transaction that stores the event id, or compute rates from the stored events.',
  catches: ['domain-counts-failed-tries', 'domain-counts-repeats'],
  stage: 'disturbing',
  needs: ['state'],
  after: ['domain/rate-math', 'delivery/dup-seq'],
  run: async (probe) => {
    if (probe.leadEmail !== null) return notTested({ needs: 'known_leads' });
    if (probe.isSlow())
      return notTested('The receiver is too slow for the events that this needs.');
    const found = await findMiscount(probe);
    if (found === null) return pass();
    const { disturbance, type, name, times, exchanges } = found;
    const isSome = disturbance === 'together';
    const what = `An ${type} ${WHAT[disturbance]} ${isSome ? 'is not always counted' : countOf(times)}`;
    return fail({
      symptom: 'state',
      key: `state:rate:${disturbance}`,
      expected: [disturbance === 'forged' ? 'no change of the rate' : 'each event counted once'],
      actual: `${what} in \`${name}\``,
      diagnosis: `${what} in \`${name}\`: ${times === 0 && !isSome ? 'what the failed try leaves behind keeps the retry from being counted' : WHY[disturbance]}.`,
      exchanges,
    });
  },
});
