/**
 * The state hook itself: a lead must be unknown before its first event, and known after it.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'domain/state-probe',
  level: 'SHOULD',
  title: 'Knows a lead after an event of it, as the state hook tells it',
  requirement: {
    text: 'Mirror suppression in your CRM: an unsubscribed lead must be found there',
    source: 'guide, "Payload examples: email.unsubscribed"',
  },
  cause:
    'Either the hook looks elsewhere (another database, another spelling of the address), or the receiver does nothing with email.unsubscribed.',
  fix: 'Post a signed email.unsubscribed by hand and ask the state URL with its lead_email: it must answer 404 before, and 200 with what is stored after.',
  catches: ['domain-state-unknown'],
  stage: 'valid',
  needs: ['state'],
  vouches: 'state',
  run: (probe) =>
    judgeLeads(async () => {
      const lead = createLead(probe);
      const before = await lead.now();
      if (before.known) {
        return notTested(
          `The state hook knows ${lead.email} before any event of it was sent. With a --seed that was used before, a receiver with a durable store knows its leads already: leave --seed out, or empty the store. Otherwise answer 404 for a lead that is not stored.`,
        );
      }
      await lead.send('email.unsubscribed', { suppressed_globally: true });
      const after = await lead.sees(({ known }) => known);
      if (after.known) return pass();
      return fail({
        symptom: 'state',
        expected: ['a lead that is known'],
        actual: `${lead.email} is unknown after email.unsubscribed was answered 2xx${after.asked === undefined ? '' : `: GET ${after.asked} answered 404`}`,
      });
    }),
});
