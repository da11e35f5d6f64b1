/**
 * What `suppressed_globally` says: everywhere, or here.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'domain/suppressed-globally',
  level: 'MUST',
  title: 'Suppresses an address everywhere when suppressed_globally is true, and only then',
  requirement: {
    text: 'When suppressed_globally is true, this address is excluded from all future campaigns; mirror this suppression in your CRM',
    source: 'guide, "Payload examples: email.unsubscribed"',
  },
  cause:
    'The flag is not read: an unsubscribe is taken for one campaign always, or for all of them always.',
  fix: 'Suppress the address everywhere when `data.suppressed_globally === true`; otherwise only take it out of the campaign.',
  catches: ['domain-ignores-global', 'domain-suppresses-always'],
  stage: 'effects',
  needs: ['state'],
  run: (probe) =>
    judgeLeads(async () => {
      const everywhere = createLead(probe);
      await everywhere.send('email.unsubscribed', { suppressed_globally: true });
      const state = await everywhere.sees(({ suppressed }) => suppressed === true);
      if (state.suppressed === undefined) {
        return notTested('The state hook shows no "suppressed". Add it.');
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
        // To write to fewer people than one may is no harm to them.
        level: 'SHOULD',
        expected: ['not suppressed in every campaign'],
        actual: 'suppressed after email.unsubscribed with suppressed_globally false',
      });
    }),
});
