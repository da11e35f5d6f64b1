/**
 * A valid event after a repeat, a forgery or a malformed body, on the same connection and on another.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeHistories } from '../../experiments/judge-histories.ts';
import { AFTERMATH } from '../../experiments/sequences.ts';

export const check = defineCheck({
  id: 'delivery/aftermath',
  level: 'MUST',
  title: 'Accepts and processes a valid event after a repeat, a forgery or a malformed body',
  requirement: {
    text: 'Any 2xx within 10 seconds is received; what is refused is retried and then a dead letter',
    source:
      'guide, "Step 3: Handle retries"; connections are reused: sent today: several events over one connection',
  },
  cause:
    'A refused or repeated request leaves something behind: an unread body on the connection, an open transaction, a lock.',
  fix: 'Read every body to its end, and undo everything that a refused or repeated request has begun.',
  catches: ['delivery-unread-body', 'delivery-open-transaction'],
  stage: 'sequences',
  run: (probe) => judgeHistories(probe, AFTERMATH, { kinds: ['refused', 'lost'] }),
});
