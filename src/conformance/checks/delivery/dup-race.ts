/**
 * The same event, sent many times concurrently.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeUnanswered } from '../../experiments/unanswered-repeat.ts';
import { effectsOf, settleBehind } from '../../judge/deliver.ts';
import type { Event } from '../../probe/event-maker.ts';
import type { Probe } from '../../probe/probe.ts';
import { createRace, type Race } from '../../probe/race.ts';
import { fail, isAccepted, isTimedOut, notTested, pass } from '../../verdict.ts';

/** Most rounds miss a narrow race, so a fast receiver gets more of them. */
const MIN_IDS = 20;
const MAX_IDS = 60;
/** For a slow receiver: all at the same time. */
const SLOW_IDS = 4;
/** Time limits for starting rounds beyond the minimum, and up to it: a slow receiver gets fewer rounds. */
const MORE_FOR_MS = 1000;
const START_ROUNDS_FOR_MS = 4000;

interface Round {
  readonly event: Event;
  readonly connections: number;
  readonly accepted: boolean;
  /** Whether requests were not answered at all. */
  readonly unanswered: boolean;
}

const runRound = async (probe: Probe, race: Race): Promise<Round> => {
  const event = probe.event();
  const exchanges = await race.run(probe.write(event));
  const connections = exchanges.filter(({ reply }) => reply.kind === 'answer').length;
  return {
    event,
    connections,
    accepted: exchanges.some(isAccepted),
    unanswered: exchanges.some(isTimedOut),
  };
};

const runRounds = async (probe: Probe): Promise<readonly Round[]> => {
  const rounds: Round[] = [];
  const begun = probe.wall.now();
  const isTime = (): boolean =>
    probe.wall.now() < begun + (rounds.length < MIN_IDS ? START_ROUNDS_FOR_MS : MORE_FOR_MS);
  if (probe.isSlow()) {
    const slowRound = async (): Promise<Round> => {
      using race = createRace(probe);
      return await runRound(probe, race);
    };
    return Promise.all(Array.from({ length: SLOW_IDS }, slowRound));
  }
  using race = createRace(probe);
  while (rounds.length < MAX_IDS && isTime() && probe.signal?.aborted !== true) {
    rounds.push(await runRound(probe, race));
  }
  return rounds;
};

export const check = defineCheck({
  id: 'delivery/dup-race',
  level: 'MUST',
  title: 'Processes an event once when it arrives many times concurrently',
  requirement: {
    text: 'Webhooks can be delivered more than once; use the id field to deduplicate',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause: 'Check-then-act: two requests look up the id before either has stored it.',
  fix: 'Let the database decide: insert the id under a unique key first, in the same transaction as the effect, and continue only if a row was inserted; in Redis, use SET with NX.',
  catches: ['delivery-checks-then-inserts', 'delivery-repeat-takes-place'],
  stage: 'load',
  needs: ['effects'],
  after: ['delivery/dup-seq'],
  run: async (probe) => {
    const rounds = (await runRounds(probe)).filter(({ accepted }) => accepted);
    const silence = rounds.some(({ unanswered }) => unanswered) && (await judgeUnanswered(probe));
    if (silence) return silence;
    const parallel = Math.max(0, ...rounds.map(({ connections }) => connections));
    if (parallel < 2) {
      return notTested(
        'Fewer than two concurrent requests got a response. Remove the connection limit.',
      );
    }
    const effects = effectsOf(probe);
    // Wait for a queue to drain: a duplicate may still be in it.
    await settleBehind(probe);
    const counts = await Promise.all(rounds.map(({ event }) => effects.settled(event.id, 1)));
    const how = `${rounds.length} events, each sent over up to ${parallel} connections concurrently`;
    const doubled = counts.filter((count) => count > 1);
    const lost = counts.filter((count) => count === 0).length;
    if (doubled.length === 0 && lost === 0) {
      return pass(
        `0 of ${how}, took effect more than once; weak evidence, since a race can be missed`,
      );
    }
    if (doubled.length === 0) {
      return fail({
        symptom: 'lost',
        expected: ['one effect per event'],
        actual: `of ${how}, ${lost} were accepted with 2xx but had no effect`,
        diagnosis:
          'No event was processed twice, but some were lost: each request was treated as a duplicate of another one that then failed or was dropped, or concurrent requests are dropped.',
        fix: 'Respond with 2xx to a duplicate only after the event has been processed or safely stored; until then use 409 or 503 so that the provider retries. Remove the mark of an id whose processing failed.',
      });
    }
    const most = ` (up to ${Math.max(...doubled)} times)`;
    const none = lost === 0 ? '' : ` and ${lost} were accepted with 2xx but had no effect`;
    return fail({
      symptom: 'doubled',
      expected: ['one effect per event'],
      actual: `of ${how}, ${doubled.length} took effect more than once${most}${none}`,
    });
  },
});
