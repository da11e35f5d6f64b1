/**
 * The deduplication key: two events that differ only in their id are two events.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { knowsCause, rememberCause } from '../../experiments/known-causes.ts';
import { explainBySharedMembers } from '../../experiments/shared-members.ts';
import { deliverNamed, judgeOnce } from '../../judge/deliver.ts';
import type { EventType } from '../../../../schemas/contract.ts';
import type { Event } from '../../probe/event-maker.ts';
import type { Probe } from '../../probe/probe.ts';
import { pass } from '../../verdict.ts';

const explainLost = async (probe: Probe, verdict: Verdict): Promise<Verdict> => {
  if (verdict.status !== 'fail' || knowsCause(probe, 'lost')) return verdict;
  const cause = (await explainBySharedMembers(probe)) ?? {
    key: 'lost:same-data',
    sentence: check.cause,
    fix: check.fix,
  };
  rememberCause(probe, 'lost', cause);
  return { ...verdict, key: cause.key, diagnosis: cause.sentence };
};

/** A lead may be in several campaigns. */
const judgeCampaigns = async (probe: Probe, { event, data }: Event): Promise<Verdict> => {
  const { lead_email, lead_id } = data;
  const campaign_id = `cmp_${probe.events.freshId().slice('evt_'.length)}`;
  const other = probe.event(event as EventType, { lead_email, lead_id, campaign_id });
  const delivered = [
    await deliverNamed(probe, 'an event of the same lead in another campaign', other),
  ];
  const verdict = await judgeOnce(probe, delivered);
  if (verdict?.status !== 'fail' || verdict.symptom !== 'lost') return verdict ?? pass();
  return {
    ...verdict,
    key: 'lost:other-campaign',
    diagnosis:
      'An event of a lead that is known from another campaign is accepted but has no effect: the lead is bound to its first campaign.',
    fix: 'Read `campaign_id` from each event; a lead may be in several campaigns.',
  };
};

export const check = defineCheck({
  id: 'delivery/dedupe-key',
  level: 'MUST',
  title: 'Processes events of one lead that differ only in their id or campaign',
  requirement: {
    text: 'Use the id field to deduplicate',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause:
    'Duplicates are recognized by a hash of the data, so a second event with the same data looks like a duplicate and is lost.',
  fix: 'Use only the envelope’s `id` as the deduplication key.',
  catches: [
    'delivery-dedupes-by-lead-and-time',
    'delivery-dedupes-by-data',
    'delivery-one-campaign-per-lead',
  ],
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
    if (verdict === null) return judgeCampaigns(probe, one);
    return verdict.status === 'fail' && verdict.symptom === 'lost'
      ? explainLost(probe, verdict)
      : verdict;
  },
});
