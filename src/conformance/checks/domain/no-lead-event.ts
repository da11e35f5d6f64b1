/**
 * `campaign.completed` refers to no lead.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver } from '../../judge/deliver.ts';
import { createLead } from '../../judge/lead.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

/** String forms of a missing address in common languages. */
const PHANTOMS = ['undefined', 'null', 'None', 'nil'];

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
          expected: ['no new lead'],
          actual: `a lead with the address "${phantom}" exists after campaign.completed`,
        });
      }
    }
    return pass();
  },
});
