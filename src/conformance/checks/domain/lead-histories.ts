/**
 * Leads with random histories, against a small reference model.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { rememberCause } from '../../experiments/known-causes.ts';
import { findHistoryFlaw } from '../../experiments/lead-histories.ts';
import { describeActs } from '../../histories/story.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'domain/lead-histories',
  level: 'MUST',
  title: 'Has the right state of a lead after any sequence of its events',
  requirement: {
    text: 'A retried event arrives up to 35 minutes after later ones, with the same id; its timestamp is when it happened',
    source: 'guide, "Step 3: Handle retries" and "Payload examples"',
  },
  cause:
    'An event changes what it is not about, or is ignored because of other events of its lead.',
  fix: 'Let each event change only what it is about, and compare its time only with that of the value that it would overwrite.',
  catches: ['domain-older-bounce-ignored', 'delivery-latest-id-of-lead'],
  stage: 'effects',
  needs: ['state'],
  after: [
    'domain/open-monotonic',
    'domain/bounce-class',
    'domain/unsub-wins',
    'domain/suppressed-globally',
    'domain/suppress-scope',
    'domain/value-forms',
    'delivery/stale-overwrite',
  ],
  run: async (probe) => {
    if (probe.leadEmail !== null) return notTested({ needs: 'known_leads' });
    const found = await findHistoryFlaw(probe);
    if (found === null) return pass();
    const { symptom, cause, difference, played } = found;
    const { member, found: value, expected } = difference;
    rememberCause(probe, symptom, cause);
    return fail({
      symptom,
      key: cause.key,
      ...(member === 'open_count' && { level: 'SHOULD' as const }),
      expected: [`${member} ${expected}`],
      actual: `${describeActs(played.story.before)}: \`${member}\` is ${value}`,
      diagnosis: cause.sentence,
      fix: cause.fix,
      exchanges: played.exchanges,
    });
  },
});
