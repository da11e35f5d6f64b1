/**
 * Validates the state hook: a lead must be unknown before its first event and known after it.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { knowsCause } from '../../experiments/known-causes.ts';
import { interestsOf } from '../../judge/interests.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { fail, notTested, pass } from '../../verdict.ts';

const OTHERS = ['email.replied', 'email.opened', 'email.bounced'] as const;

export const check = defineCheck({
  id: 'domain/state-probe',
  level: 'SHOULD',
  title: 'The state hook knows a lead after its first event',
  requirement: {
    text: 'Mirror suppression in your CRM: an unsubscribed lead must be found there',
    source: 'guide, "Payload examples: email.unsubscribed"',
  },
  cause:
    'The hook reads the wrong place (another database, another spelling of the address), or the receiver ignores email.unsubscribed.',
  fix: 'Post a signed email.unsubscribed by hand and query the state URL with its lead_email: it must respond with 404 before, and with 200 and the stored state after.',
  catches: ['domain-state-unknown'],
  stage: 'valid',
  needs: ['state'],
  after: ['delivery/effects-probe'],
  validates: 'state',
  run: (probe) =>
    judgeLeads(async () => {
      const lead = createLead(probe);
      const before = await lead.now();
      // Known leads are known before their first event.
      if (before.known && probe.leadEmail === null) {
        return notTested(
          `The state hook knows ${lead.email} before any of its events was sent. If the seed was used before, a receiver with a durable store already knows its leads: use another seed or fresh ids, or empty the store. Otherwise return 404 for unknown leads.`,
        );
      }
      await lead.send('email.unsubscribed', { suppressed_globally: true });
      const after = await lead.sees(({ known }) => known);
      if (after.known) return pass();
      // A correct receiver may act on other types only.
      for (const type of OTHERS) await lead.send(type);
      if ((await lead.sees(({ known }) => known)).known) {
        return pass('known after other events, but not after email.unsubscribed');
      }
      if (probe.effects !== null && (await interestsOf(probe)).types.size === 0) {
        return notTested({
          needs: 'known_lead',
          remark: `${lead.email} is unknown, and no event had an effect.`,
        });
      }
      if (knowsCause(probe, 'lost')) {
        return notTested(`${lead.email} is unknown: its events were accepted and lost.`);
      }
      return fail({
        symptom: 'state',
        expected: ['a known lead'],
        actual: `${lead.email} is unknown after email.unsubscribed was accepted with 2xx${after.asked === undefined ? '' : `: GET ${after.asked} responded with 404`}`,
      });
    }),
});
