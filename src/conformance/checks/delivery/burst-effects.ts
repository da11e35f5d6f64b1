/**
 * Effects of a burst that is larger than what a queue in memory holds.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeHistories } from '../../experiments/judge-histories.ts';
import { burstOf } from '../../experiments/sequences.ts';

const EVENTS = 150;
const MANY_EVENTS = 600;

export const check = defineCheck({
  id: 'delivery/burst-effects',
  level: 'MUST',
  title: `Processes every event of a burst of ${EVENTS}`,
  requirement: {
    text: 'A 2xx says that the event was received: it is not sent again',
    source: 'guide, "Step 3: Handle retries"; sent today: bursts when a campaign goes out',
  },
  cause:
    'A bounded queue, buffer or pool drops what does not fit, after the event was answered 2xx.',
  fix: 'Store the event before answering 2xx. When a queue is full, wait or answer 503, so that the provider retries.',
  catches: ['delivery-queue-drops-when-full', 'delivery-drops-beyond-rate'],
  stage: 'load',
  needs: ['effects'],
  after: ['delivery/parallel-events'],
  run: async (probe) => {
    const histories = burstOf(probe.thorough ? MANY_EVENTS : EVENTS);
    const kinds = ['refused', 'doubled', 'lost'] as const;
    const verdict = await judgeHistories(probe, histories, { kinds });
    // What is refused comes again, so nothing is lost yet.
    const isRefused = verdict.status === 'fail' && verdict.symptom === 'refused';
    return isRefused ? { ...verdict, level: 'SHOULD' } : verdict;
  },
});
