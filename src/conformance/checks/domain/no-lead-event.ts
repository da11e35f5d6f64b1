/**
 * `campaign.completed` is about no lead.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver } from '../../judge/deliver.ts';
import { createLead } from '../../judge/lead.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

/** What an address that is not there turns into, in one language or another. */
const PHANTOMS = ['undefined', 'null', 'None', 'nil'];

export const check = defineCheck({
  id: 'domain/no-lead-event',
  level: 'MUST',
  title: 'Takes campaign.completed without making up a lead',
  requirement: {
    text: 'campaign.completed fires when all leads in a campaign have finished; it names none of them',
    source: 'guide, "Supported events"; that its data has no lead fields is assumed',
  },
  cause:
    '`data.lead_email` is read of every event, so that a lead by the name "undefined", "null" or "None" comes to be.',
  fix: 'Look at `event` first; touch leads only for `email.*`.',
  catches: ['domain-phantom-lead'],
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
          expected: ['no lead that was not there before'],
          actual: `a lead by the address "${phantom}" is known after campaign.completed`,
        });
      }
    }
    return pass();
  },
});
