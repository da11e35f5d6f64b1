/**
 * Each type of event after each other one, of the same lead and campaign.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeTypePairs } from '../../experiments/type-pairs.ts';

export const check = defineCheck({
  id: 'delivery/type-pairs',
  level: 'MUST',
  title: 'Processes each type of event after each other one of its lead and campaign',
  requirement: {
    text: 'A 2xx says that the event was received: it is not sent again; a retried event arrives up to 35 minutes after later ones, also after campaign.completed',
    source: 'guide, "Step 3: Handle retries" and "Supported events"',
  },
  cause:
    'An event is ignored, or resets a part of its lead’s state, because of the type of an earlier event.',
  fix: 'Process each event whatever came before it, and change only what the event is about.',
  catches: [
    'delivery-ignores-after-completion',
    'delivery-reply-resets-opens',
    'delivery-opens-doubled',
  ],
  stage: 'sequences',
  after: ['delivery/aftermath'],
  run: judgeTypePairs,
});
