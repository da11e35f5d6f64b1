/**
 * Every listed sentiment, and counts of every size.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeValueStates } from '../../experiments/value-state.ts';

export const check = defineCheck({
  id: 'domain/value-forms',
  level: 'MUST',
  title: 'Shows every listed sentiment and counts of every size',
  requirement: {
    text: 'reply_sentiment is one of a list; open_count is how often the lead has opened the e-mail so far',
    source: 'guide, "Payload examples: email.replied" and "Payload examples: email.opened"',
  },
  cause: 'A value is mapped to another, or numbers are compared as texts.',
  fix: 'Store the value as it came, and compare numbers as numbers.',
  catches: ['domain-count-as-text', 'domain-neutral-kept-out'],
  stage: 'effects',
  needs: ['state'],
  after: [
    'domain/open-monotonic',
    'domain/bounce-class',
    'domain/unsub-wins',
    'delivery/stale-overwrite',
  ],
  run: (probe) => judgeValueStates(probe),
});
