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

const freshPart = (probe: Probe): string => probe.events.freshId().slice('evt_'.length);

interface Elsewhere {
  readonly name: string;
  /** Whether the campaign has a lead of its own for the person. */
  readonly isOtherLead: boolean;
  readonly key: string;
  readonly lost: string;
  readonly refused: string;
  readonly fix: string;
}

/** A person may be in several campaigns. */
const ELSEWHERE: readonly Elsewhere[] = [
  {
    name: 'an event of the same lead in another campaign',
    isOtherLead: false,
    key: 'other-campaign',
    lost: 'An event of a lead that is known from another campaign is accepted but has no effect: the lead is bound to its first campaign.',
    refused: 'An event of a lead that is known from another campaign is refused.',
    fix: 'Read `campaign_id` from each event; a lead may be in several campaigns.',
  },
  {
    name: 'an event of the same address with another lead_id, in another campaign',
    isOtherLead: true,
    key: 'other-lead-id',
    lost: 'An event of a known address with another `lead_id` is accepted but has no effect.',
    refused: 'An event of a known address with another `lead_id` is refused.',
    fix: 'Find a lead by one key, or update the other one: the same person may have another `lead_id` in another campaign (INSERT … ON CONFLICT (email) DO UPDATE).',
  },
];

const judgeElsewhere = async (
  probe: Probe,
  { event, data }: Event,
  { name, isOtherLead, key, lost, refused, fix }: Elsewhere,
): Promise<Verdict | null> => {
  const other = probe.event(event as EventType, {
    lead_email: data['lead_email'],
    lead_id: isOtherLead ? `lead_${freshPart(probe)}` : data['lead_id'],
    campaign_id: `cmp_${freshPart(probe)}`,
  });
  const delivered = [await deliverNamed(probe, name, other)];
  const verdict = await judgeOnce(probe, delivered);
  if (verdict?.status !== 'fail' || verdict.symptom === 'doubled') return verdict;
  const isLost = verdict.symptom === 'lost';
  return {
    ...verdict,
    // How leads are numbered is not documented.
    ...(isOtherLead ? { level: 'SHOULD' as const } : {}),
    key: `${isLost ? 'lost' : 'refused'}:${key}`,
    diagnosis: isLost ? lost : refused,
    fix,
  };
};

const judgeCampaigns = async (probe: Probe, event: Event): Promise<Verdict> => {
  for (const elsewhere of ELSEWHERE) {
    const verdict = await judgeElsewhere(probe, event, elsewhere);
    if (verdict !== null) return verdict;
  }
  return pass();
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
    'delivery-one-id-per-address',
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
