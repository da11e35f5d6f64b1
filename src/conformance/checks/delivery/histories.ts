/**
 * Random sequences of requests against a small reference model.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeHistories } from '../../experiments/judge-histories.ts';
import { OTHER_TYPES_LATER } from '../../experiments/sequences.ts';
import { randomHistories } from '../../histories/random.ts';
import type { History } from '../../histories/step.ts';
import type { Probe } from '../../probe/probe.ts';

/** Milliseconds. */
const PLAY_FOR_MS = 250;
const PLAY_THOROUGHLY_FOR_MS = 20_000;

/** Steps of a history for a receiver that needs seconds for every response. */
const SLOW_STEPS = 4;

function* historiesFor(probe: Probe): Generator<History> {
  const { thorough, hooks, random } = probe;
  yield* OTHER_TYPES_LATER;
  const withRestart = thorough && hooks.restart !== undefined;
  for (const history of randomHistories(random, { thorough, withRestart })) {
    if (thorough || !probe.isSlow() || history.length <= SLOW_STEPS) yield history;
  }
}

export const check = defineCheck({
  id: 'delivery/histories',
  level: 'MUST',
  title: 'Processes every accepted event once, whatever came before it',
  requirement: {
    text: 'Any 2xx within 10 seconds is received: it is not sent again; use the id field to deduplicate',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause: 'What one request leaves behind changes how another one is processed.',
  fix: 'Keep what belongs to one request within its handler, and make its effect and its id one transaction.',
  catches: ['delivery-fails-after-two-repeats'],
  stage: 'load',
  after: ['delivery/aftermath', 'delivery/parallel-events', 'delivery/lead-parallel'],
  run: (probe) =>
    judgeHistories(probe, historiesFor(probe), {
      playForMs: probe.thorough ? PLAY_THOROUGHLY_FOR_MS : PLAY_FOR_MS,
    }),
});
