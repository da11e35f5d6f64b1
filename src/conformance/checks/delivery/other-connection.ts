/**
 * A repeat that arrives over another connection than its event.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeHistories } from '../../experiments/judge-histories.ts';
import {
  REPEAT_ON_OTHER_CONNECTIONS,
  REPEAT_ON_OTHER_CONNECTIONS_TOGETHER,
  REPEAT_ON_SAME_CONNECTION,
} from '../../experiments/sequences.ts';
import { notTested } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/other-connection',
  level: 'MUST',
  title: 'Recognises a repeat that arrives over another connection',
  requirement: {
    text: 'Webhooks can be delivered more than once; use the id field to deduplicate',
    source:
      'guide, "Error handling best practices: Idempotency"; sent today: a retry over a new connection',
  },
  cause: 'Each worker process, thread or connection keeps its own set of ids.',
  fix: 'Keep the ids where all workers see them: a table with a unique key, or Redis with SET NX.',
  catches: ['delivery-ids-by-connection'],
  stage: 'sequences',
  needs: ['effects'],
  run: async (probe) => {
    const onOthers = probe.isSlow()
      ? REPEAT_ON_OTHER_CONNECTIONS_TOGETHER
      : REPEAT_ON_OTHER_CONNECTIONS;
    const kinds = ['doubled'] as const;
    const onSame = await judgeHistories(probe, [REPEAT_ON_SAME_CONNECTION], { kinds });
    if (onSame.status !== 'fail') return judgeHistories(probe, [onOthers], { kinds });
    return notTested('A repeat on the same connection takes effect already: see delivery/dup-seq.');
  },
});
