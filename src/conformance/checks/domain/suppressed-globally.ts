/**
 * `suppressed_globally`: suppression everywhere, or in this campaign only.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { unlessInterested } from '../../judge/lead-interests.ts';
import { missesKeys } from '../../judge/state-keys.ts';
import { fail, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'domain/suppressed-globally',
  level: 'MUST',
  title: 'Suppresses an address everywhere if and only if suppressed_globally is true',
  requirement: {
    text: 'When suppressed_globally is true, this address is excluded from all future campaigns; mirror this suppression in your CRM',
    source: 'guide, "Payload examples: email.unsubscribed"',
  },
  cause:
    'The flag is ignored: an unsubscribe always applies to one campaign, or always to all of them.',
  fix: 'Suppress the address everywhere when `data.suppressed_globally === true`; otherwise only remove it from the campaign.',
  catches: ['domain-ignores-global', 'domain-suppresses-always'],
  stage: 'effects',
  needs: ['state'],
  run: (probe) =>
    judgeLeads(
      async () => {
        const everywhere = createLead(probe);
        await everywhere.send('email.unsubscribed', { suppressed_globally: true });
        const state = await everywhere.sees(({ suppressed }) => suppressed === true);
        if (state.suppressed === undefined) {
          return missesKeys(state);
        }
        if (!state.suppressed) {
          return fail({
            symptom: 'state',
            expected: ['suppressed'],
            actual: 'not suppressed after email.unsubscribed with suppressed_globally true',
          });
        }
        const here = createLead(probe);
        await here.send('email.unsubscribed', { suppressed_globally: false });
        const { suppressed } = await here.settled();
        if (suppressed !== true) return pass();
        return fail({
          symptom: 'state',
          // Suppressing too much does not harm the leads.
          level: 'SHOULD',
          expected: ['not suppressed in every campaign'],
          actual: 'suppressed after email.unsubscribed with suppressed_globally false',
        });
      },
      unlessInterested(probe, 'email.unsubscribed', 'suppressed'),
    ),
});
