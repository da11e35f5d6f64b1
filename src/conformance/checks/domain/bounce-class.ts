/**
 * A soft bounce is temporary; a hard bounce means that the address is dead.
 *
 * @module
 */
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck, type Verdict } from '../../check.ts';
import { sideBySide } from '../../experiments/trial.ts';
import type { Probe } from '../../probe/probe.ts';
import type { LeadState } from '../../hooks/hooks.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { unlessInterested } from '../../experiments/lead-interests.ts';
import { missesKeys } from '../../judge/state-keys.ts';
import { fail, pass } from '../../verdict.ts';

/** Codes of mailboxes that are full or busy: permanent by their first digit, and soft by what the event says. */
const SOFT_CODES = ['552', '550'] as const;

const SUPPRESSED_BY_CODE = {
  symptom: 'state',
  key: 'state:bounce:by-code',
  expected: ['not suppressed'],
  diagnosis:
    'Whether a bounce is hard is derived from `bounce_code`: a soft bounce (`bounce_type` "soft") whose code begins with 5, such as a full mailbox, suppresses the address.',
  fix: 'Read `bounce_type`, which says whether the bounce is permanent; `bounce_code` is what the other server answered.',
} as const;

/** Null if a soft bounce suppresses nothing, whatever its code. */
const judgeCodes = async (probe: Probe): Promise<Verdict | null> => {
  const states = await sideBySide(probe, SOFT_CODES, async (bounce_code) => {
    const lead = createLead(probe);
    await lead.send('email.bounced', { bounce_type: 'soft', bounce_code });
    return lead.settled();
  });
  const wrong = states.findIndex(({ suppressed }) => suppressed === true);
  return wrong === -1
    ? null
    : fail({
        ...SUPPRESSED_BY_CODE,
        actual: `suppressed after a soft bounce with bounce_code "${SOFT_CODES[wrong]}"`,
      });
};

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
    'domain-hard-by-code',
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
          if (!isOut(await lead.settled())) return fail(SOFT_CLEARS);
          return (await judgeCodes(probe)) ?? pass();
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
