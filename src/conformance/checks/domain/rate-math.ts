/**
 * Rates whose denominator is zero or smaller than the numerator.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { missesKeys } from '../../judge/state-keys.ts';
import type { LeadState } from '../../hooks/hooks.ts';
import { fail, notTested, pass } from '../../verdict.ts';

/** Rates outside 0 to 1; null means "not computed yet". */
const odd = ({ rates = {} }: LeadState): readonly string[] =>
  Object.entries(rates).flatMap(([name, rate]) =>
    rate === null || (rate >= 0 && rate <= 1) ? [] : [`${name} is ${rate}`],
  );

export const check = defineCheck({
  id: 'domain/rate-math',
  level: 'SHOULD',
  title: 'Computes rates between 0 and 1, in whatever order events arrive',
  requirement: {
    text: 'Pause a campaign when its bounce rate exceeds 5 % of over 20 events: bounces / max(total, 1)',
    source: 'guide, "Pause campaign on bounce spike"',
  },
  cause:
    'A division by zero (the bounce arrives before anything was counted as sent), or by something that is not the total.',
  fix: 'Divide by `max(total, 1)` and include the numerator in the total; return null while there is no total.',
  catches: ['domain-rate-nan', 'domain-rate-above-one'],
  stage: 'effects',
  needs: ['state'],
  run: (probe) =>
    judgeLeads(async () => {
      const lead = createLead(probe);
      await lead.send('email.bounced', { bounce_type: 'soft' });
      const first = await lead.settled();
      if (first.rates === undefined) return missesKeys(first);
      if (Object.keys(first.rates).length === 0) {
        return notTested('The state hook returns no rates. Add those that you compute, by name.');
      }
      await lead.send('email.sent');
      await lead.send('email.bounced', { bounce_type: 'soft' });
      const second = await lead.settled();
      const wrong = [
        ...odd(first).map((rate) => `${rate} after a bounce of a lead without sent e-mails`),
        ...odd(second).map((rate) => `${rate} after two bounces and one sent e-mail`),
      ];
      if (wrong.length === 0) return pass();
      return fail({ expected: ['0 to 1, or null'], actual: wrong.join('; ') });
    }),
});
