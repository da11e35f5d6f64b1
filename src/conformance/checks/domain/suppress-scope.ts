/**
 * Suppression applies to the lead that bounced and to no other.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { missesKeys } from '../../judge/state-keys.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'domain/suppress-scope',
  level: 'MUST',
  title: 'Suppresses only the named lead, not others of its campaign or domain',
  requirement: {
    text: 'Remove this address (the one in lead_email)',
    source: 'guide, "Payload examples: email.bounced"',
  },
  cause: 'The UPDATE has too broad a WHERE clause: by campaign, company or domain of the address.',
  fix: 'Update by exact address: `WHERE email = ?` with `data.lead_email`.',
  catches: ['domain-suppresses-campaign', 'domain-suppresses-domain'],
  stage: 'effects',
  needs: ['state'],
  run: (probe) =>
    judgeLeads(async () => {
      const named = createLead(probe);
      // Addresses of one run have the same domain, and their events the same campaign.
      const others = [createLead(probe), createLead(probe)];
      for (const other of others) await other.send('email.opened');
      await named.send('email.bounced', { bounce_type: 'hard' });
      const bounced = await named.sees(({ suppressed }) => suppressed === true);
      if (bounced.known && bounced.suppressed === undefined) return missesKeys(bounced);
      if (bounced.suppressed !== true) {
        return notTested('No lead is suppressed after a hard bounce.');
      }
      for (const other of others) {
        const { suppressed } = await other.settled();
        if (suppressed === true) {
          return fail({
            symptom: 'state',
            expected: [`only ${named.email} is suppressed`],
            actual: `${other.email} is suppressed as well, although it never bounced`,
          });
        }
      }
      return pass();
    }),
});
