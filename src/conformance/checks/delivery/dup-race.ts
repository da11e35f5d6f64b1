/**
 * The same event many times at the same moment.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { effectsOf, settleBehind } from '../../judge/deliver.ts';
import type { Event } from '../../probe/event-maker.ts';
import type { Probe } from '../../probe/probe.ts';
import { race } from '../../probe/race.ts';
import { fail, isAccepted, notTested, pass } from '../../verdict.ts';

/** A narrow race is missed by most rounds: a quick receiver gets more of them. */
const MIN_IDS = 20;
const MAX_IDS = 60;
const SOCKETS = 20;
/** For more than the fewest, and for those: a slow receiver gets fewer rounds. Milliseconds. */
const MORE_FOR_MS = 2000;
const START_ROUNDS_FOR_MS = 4000;

interface Round {
  readonly event: Event;
  readonly connections: number;
  readonly accepted: boolean;
}

const runRounds = async (probe: Probe): Promise<readonly Round[]> => {
  const rounds: Round[] = [];
  const begun = probe.wall.now();
  const isTime = (): boolean =>
    probe.wall.now() < begun + (rounds.length < MIN_IDS ? START_ROUNDS_FOR_MS : MORE_FOR_MS);
  while (rounds.length < MAX_IDS && isTime() && probe.signal?.aborted !== true) {
    const event = probe.event();
    const exchanges = await race(probe, probe.write(event), { sockets: SOCKETS });
    const connections = exchanges.filter(({ reply }) => reply.kind === 'answer').length;
    rounds.push({ event, connections, accepted: exchanges.some(isAccepted) });
  }
  return rounds;
};

export const check = defineCheck({
  id: 'delivery/dup-race',
  level: 'MUST',
  title: 'Processes an event once when it comes many times at the same moment',
  requirement: {
    text: 'Webhooks can be delivered more than once; use the id field to deduplicate',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause:
    'Look whether the id is there, then work, then store it: two requests look before either has stored.',
  fix: 'Let the database decide: insert the id under a unique key first, in the transaction of the effect, and go on only when a row was inserted; in Redis, SET with NX.',
  catches: ['delivery-checks-then-inserts'],
  stage: 'load',
  needs: ['effects'],
  after: ['delivery/dup-seq'],
  run: async (probe) => {
    const rounds = (await runRounds(probe)).filter(({ accepted }) => accepted);
    const parallel = Math.max(0, ...rounds.map(({ connections }) => connections));
    if (parallel < 2) {
      return notTested(
        'Fewer than two requests at the same moment were answered. Take away what limits connections.',
      );
    }
    const effects = effectsOf(probe);
    // Behind what a queue holds of them: a repeat may wait there, too.
    await settleBehind(probe);
    const counts = await Promise.all(rounds.map(({ event }) => effects.settled(event.id, 1)));
    const how = `${rounds.length} events, each over up to ${parallel} connections at the same moment`;
    const doubled = counts.filter((count) => count > 1);
    const lost = counts.filter((count) => count === 0).length;
    if (doubled.length === 0 && lost === 0) {
      return pass(
        `0 of ${how} took effect more than once; that proves little, a race can be missed`,
      );
    }
    if (doubled.length === 0) {
      return fail({
        symptom: 'lost',
        expected: ['one effect of each'],
        actual: `of ${how}, ${lost} took effect not at all, though answered 2xx`,
        diagnosis:
          'No event was processed twice: some were lost. Each request was taken for the repeat of another, which then failed or was dropped; or too much at a time is dropped.',
        fix: 'Answer 2xx to a repeat only once the event itself has been processed or is safely stored; until then 409 or 503, so that the provider comes again. Undo the mark of an id whose processing failed.',
      });
    }
    const most = ` (up to ${Math.max(...doubled)} times)`;
    const none = lost === 0 ? '' : ` and ${lost} not at all, though answered 2xx`;
    return fail({
      symptom: 'doubled',
      expected: ['one effect of each'],
      actual: `of ${how}, ${doubled.length} took effect more than once${most}${none}`,
    });
  },
});
