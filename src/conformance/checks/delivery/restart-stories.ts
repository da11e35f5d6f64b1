/**
 * Leads with different histories across a restart, against the same histories without it.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { findStoryFlaw } from '../../experiments/restart-stories.ts';
import type { StoryFlaw } from '../../experiments/story-flaw.ts';
import { knowsCause, rememberCause } from '../../experiments/known-causes.ts';
import { describeStory } from '../../histories/story.ts';
import { interestsOf } from '../../judge/interests.ts';
import { failLostByRestart } from '../../judge/lost-by-restart.ts';
import { fail, notTested, pass } from '../../verdict.ts';

const describe = ({ played, difference: { member, found, expected } }: StoryFlaw): string =>
  `${describeStory(played.story)}: \`${member}\` is ${found}; without the restart it is ${expected}`;

export const check = defineCheck({
  id: 'delivery/restart-stories',
  level: 'MUST',
  title: 'Has the same state after a restart as without it, whatever came before and after it',
  requirement: {
    text: 'Servers restart; an accepted event is not sent again, and a retried event arrives up to 35 minutes after later ones',
    source: 'guide, "Error handling best practices: Idempotency" and "Step 3: Handle retries"',
  },
  cause:
    'What is stored is applied at start by other rules than events on arrival, or part of it is kept in memory only.',
  fix: 'Store the state that results from an event, with the time that decides about later ones, in the transaction that stores its id.',
  catches: [
    'delivery-replays-in-order-of-arrival',
    'delivery-forgets-time-of-reply',
    'delivery-count-in-one-byte',
    'delivery-stores-before-verifying',
  ],
  stage: 'disturbing',
  needs: ['state', 'restart'],
  after: [
    'delivery/dedupe-volatile',
    'delivery/restart-effects',
    'delivery/ack-before-persist',
    'domain/suppression-survives',
  ],
  run: async (probe) => {
    if (probe.leadEmail !== null) return notTested({ needs: 'known_leads' });
    if (knowsCause(probe, 'lost')) return notTested('Says nothing new: events are lost anyhow.');
    const { state } = await interestsOf(probe);
    if (state.size === 0) return notTested('The state hook shows no member of a lead as it came.');
    const found = await findStoryFlaw(probe);
    if (found === null) return pass();
    const { symptom, cause, difference, played } = found;
    rememberCause(probe, symptom, cause);
    return failLostByRestart(
      probe,
      fail({
        symptom,
        key: cause.key,
        expected: [`${difference.member} ${difference.expected}, as without the restart`],
        actual: describe(found),
        diagnosis: cause.sentence,
        fix: cause.fix,
        exchanges: played.exchanges,
      }),
    );
  },
});
