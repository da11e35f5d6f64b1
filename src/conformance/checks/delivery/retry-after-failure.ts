/**
 * The retry of an event whose first try failed.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeHistories } from '../../experiments/judge-histories.ts';
import { AFTER_FAILURE } from '../../experiments/sequences.ts';

export const check = defineCheck({
  id: 'delivery/retry-after-failure',
  level: 'MUST',
  title: 'Processes an event once when its first try failed and the retry did not',
  requirement: {
    text: 'A non-2xx answer is retried; use the id field to deduplicate',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause:
    'An event is processed in several steps. The first one stays done when a later one fails, and the retry does it again.',
  fix: 'Make the steps of one event a single transaction, or give each its own mark of completion.',
  catches: ['delivery-first-step-repeated', 'delivery-failed-lead-forgotten'],
  stage: 'disturbing',
  needs: ['effects', 'fault'],
  run: (probe) => judgeHistories(probe, AFTER_FAILURE, { kinds: ['doubled', 'state'] }),
});
