/**
 * `suppressed_globally`: suppression everywhere, or in this campaign only.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { unlessInterested } from '../../experiments/lead-interests.ts';
import { missesKeys } from '../../judge/state-keys.ts';
import { fail, pass } from '../../verdict.ts';

const IGNORED = fail({
  symptom: 'state',
  key: 'state:unsubscribed:suppressed_globally',
  expected: ['unsubscribed, from the campaign at least'],
  actual: 'not unsubscribed after email.unsubscribed with suppressed_globally false',
  diagnosis:
    'An unsubscribe with `suppressed_globally` false is ignored: the lead is not marked as unsubscribed, though it is with true.',
  fix: 'Stop writing to a lead after every `email.unsubscribed`; `suppressed_globally` only says whether other campaigns stop, too.',
});

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
  catches: [
    'domain-ignores-global',
    'domain-suppresses-always',
    'domain-ignores-campaign-unsubscribe',
  ],
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
        const { suppressed, unsubscribed } = await here.settled();
        if (suppressed !== true) {
          return state.unsubscribed === true && unsubscribed !== true ? IGNORED : pass();
        }
        return fail({
          symptom: 'state',
          // Suppressing too much does not harm the leads, and the guide's table of events asks for it.
          level: 'INFO',
          expected: ['not suppressed in every campaign'],
          actual: 'suppressed after email.unsubscribed with suppressed_globally false',
        });
      },
      unlessInterested(probe, 'email.unsubscribed', 'suppressed'),
    ),
});
