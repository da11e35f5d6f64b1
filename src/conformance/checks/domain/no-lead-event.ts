/**
 * `campaign.completed` refers to no lead.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { deliver } from '../../judge/deliver.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Probe } from '../../probe/probe.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

/** String forms of a missing address in common languages. */
const PHANTOMS = ['undefined', 'null', 'None', 'nil'];

/** Once could be chance. */
const TIMES = 2;

/** @returns null unless the end of a campaign changes a lead that was suppressed in it, again and again */
const judgeLeadsOf = async (probe: Probe): Promise<Verdict | null> => {
  let shown: Exchange | null = null;
  let actual = '';
  for (let time = 0; time < TIMES; time += 1) {
    const campaign_id = `cmp_${probe.events.freshId().slice('evt_'.length)}`;
    const lead = createLead(probe, { campaign_id });
    await lead.send('email.unsubscribed', { suppressed_globally: true });
    const before = await lead.sees(({ suppressed }) => suppressed === true);
    shown = await deliver(probe, probe.event('campaign.completed', { campaign_id }));
    if (before.suppressed !== true || !isAccepted(shown)) return null;
    const after = await lead.settled();
    if (after.suppressed === true) return null;
    actual = after.known ? 'no longer suppressed' : 'unknown';
  }
  return fail({
    symptom: 'state',
    key: 'state:campaign-completed',
    expected: ['a suppressed lead stays suppressed when its campaign is completed'],
    actual: `a lead that was suppressed in a campaign is ${actual} after campaign.completed of this campaign`,
    diagnosis:
      'The end of a campaign removes its leads, and with them that they are suppressed: `campaign.completed` deletes more than it should (a cascade in the database, a cache by campaign).',
    fix: 'Keep suppressions apart from campaigns: they hold for the address, for ever. Remove `ON DELETE CASCADE` between the two.',
    ...(shown === null ? {} : { exchanges: [shown] }),
  });
};

export const check = defineCheck({
  id: 'domain/no-lead-event',
  level: 'MUST',
  title: 'Processes campaign.completed without creating a lead',
  requirement: {
    text: 'campaign.completed fires when all leads in a campaign have finished; it names no lead',
    source: 'guide, "Supported events"; that its data has no lead fields is assumed',
  },
  cause:
    '`data.lead_email` is read from every event, which creates a lead named "undefined", "null" or "None".',
  fix: 'Check `event` first; touch leads only for `email.*`.',
  catches: ['domain-phantom-lead', 'domain-ends-with-campaign'],
  stage: 'effects',
  needs: ['state'],
  after: ['content/event-types'],
  run: async (probe) => {
    const exchange = await deliver(probe, probe.event('campaign.completed'));
    if (!isAccepted(exchange)) {
      return fail({ expected: ['a 2xx'], actual: describeReply(exchange.reply) });
    }
    const leads = PHANTOMS.map((phantom) => createLead(probe, { lead_email: phantom }));
    await leads[0]?.settled();
    for (const { email: phantom, now } of leads) {
      const { known } = await now();
      if (known) {
        return fail({
          expected: ['no new lead'],
          actual: `a lead with the address "${phantom}" exists after campaign.completed`,
        });
      }
    }
    return judgeLeads(async () => (await judgeLeadsOf(probe)) ?? pass());
  },
});
