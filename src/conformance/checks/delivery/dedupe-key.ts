/**
 * The deduplication key: two events that differ only in their id are two events.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { knowsCause, rememberCause } from '../../experiments/known-causes.ts';
import { deliverNamed, judgeOnce } from '../../judge/deliver.ts';
import type { Probe } from '../../probe/probe.ts';
import { pass } from '../../verdict.ts';

/** By the lead alone when an event of it is lost that has a type, a time and data of its own. */
const explainLost = async (probe: Probe, verdict: Verdict): Promise<Verdict> => {
  if (verdict.status !== 'fail' || knowsCause(probe, 'lost')) return verdict;
  const first = probe.event('email.opened');
  const { lead_email, lead_id } = first.data;
  const second = probe.event(undefined, { lead_email, lead_id });
  await deliverNamed(probe, 'an open', first);
  const delivered = [await deliverNamed(probe, 'another event of its lead', second)];
  const isByLead = (await judgeOnce(probe, delivered)) !== null;
  const cause = {
    key: isByLead ? 'lost:same-lead' : 'lost:same-data',
    sentence: isByLead
      ? 'A second event of the same lead is accepted but has no effect when it follows the first at once, whatever its type: a lock, a throttle or a unique key by lead takes it for a repeat.'
      : check.cause,
    fix: check.fix,
  };
  rememberCause(probe, 'lost', cause);
  return { ...verdict, key: cause.key, diagnosis: cause.sentence };
};

export const check = defineCheck({
  id: 'delivery/dedupe-key',
  level: 'MUST',
  title: 'Processes two events that differ only in their id',
  requirement: {
    text: 'Use the id field to deduplicate',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause:
    'Duplicates are recognized by address, timestamp or a hash of the data, so a second event looks like a duplicate and is lost.',
  fix: 'Use only the envelope’s `id` as the deduplication key.',
  catches: ['delivery-dedupes-by-lead-and-time', 'delivery-dedupes-by-data'],
  stage: 'effects',
  needs: ['effects'],
  run: async (probe) => {
    const one = probe.event();
    const other = { ...one, id: probe.events.freshId() };
    const delivered = [
      await deliverNamed(probe, 'the first event', one),
      await deliverNamed(probe, 'the second event, with another id', other),
    ];
    const verdict = await judgeOnce(probe, delivered);
    if (verdict === null) return pass();
    return verdict.status === 'fail' && verdict.symptom === 'lost'
      ? explainLost(probe, verdict)
      : verdict;
  },
});
