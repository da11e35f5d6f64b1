/**
 * A soft bounce is temporary; a hard bounce means that the address is dead.
 *
 * @module
 */
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck } from '../../check.ts';
import type { LeadState } from '../../hooks/hooks.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { unlessInterested } from '../../experiments/lead-interests.ts';
import { missesKeys } from '../../judge/state-keys.ts';
import { fail, pass } from '../../verdict.ts';

/** What a later soft bounce must not do. A receiver may also remove the lead itself, as the guide has it. */
const SOFT_CLEARS = {
  symptom: 'state',
  expected: ['suppressed'],
  actual: 'no longer suppressed after a hard bounce followed by a soft one',
  diagnosis: 'A soft bounce that follows a hard one takes the suppression back.',
  fix: 'Set the suppression on a hard bounce and let no later bounce clear it: the address is permanently invalid.',
} as const;

export const check = defineCheck({
  id: 'domain/bounce-class',
  level: 'MUST',
  title: 'Suppresses an address after a hard bounce but not after a soft one',
  requirement: {
    text: 'bounce_type is either hard (permanent: remove this address) or soft (temporary: retry may work); always remove hard bounces immediately',
    source: 'guide, "Payload examples: email.bounced"',
  },
  cause: 'All bounces are treated alike, or later bounces of a lead are ignored.',
  fix: 'Suppress when `data.bounce_type === "hard"`, whatever came before; count soft bounces without suppressing.',
  catches: [
    'domain-soft-suppresses',
    'domain-first-bounce-only',
    'domain-soft-clears',
    'domain-updates-known-leads',
  ],
  stage: 'effects',
  needs: ['state'],
  run: (probe) =>
    judgeLeads(
      async () => {
        const lead = createLead(probe);
        const earlier = { timestamp: toProviderTime(probe.wall.now() - 60_000) };
        await lead.send('email.bounced', { bounce_type: 'soft', bounce_code: '452' }, earlier);
        const soft = await lead.settled();
        if (soft.suppressed === true) {
          return fail({
            symptom: 'state',
            expected: ['not suppressed'],
            actual: 'suppressed after a soft bounce',
          });
        }
        await lead.send('email.bounced', { bounce_type: 'hard', bounce_code: '550' });
        const isOut = (state: LeadState): boolean =>
          state.suppressed === true || (soft.known && !state.known);
        const hard = await lead.sees(isOut);
        if (isOut(hard)) {
          await lead.send('email.bounced', { bounce_type: 'soft', bounce_code: '452' });
          return isOut(await lead.settled()) ? pass() : fail(SOFT_CLEARS);
        }
        if (hard.known && hard.suppressed === undefined) {
          return missesKeys(hard);
        }
        return fail({
          symptom: 'state',
          expected: ['suppressed'],
          actual: 'not suppressed after a soft bounce followed by a hard one',
        });
      },
      unlessInterested(probe, 'email.bounced', 'suppressed'),
    ),
});
