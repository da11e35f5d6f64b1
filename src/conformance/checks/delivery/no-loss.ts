/**
 * Many different events, sent concurrently.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { knowsCause, rememberCause } from '../../experiments/known-causes.ts';
import { explainInTurn } from '../../experiments/rhythm.ts';
import { deliver, effectsOf } from '../../judge/deliver.ts';
import { fail, isAccepted, notTested, pass } from '../../verdict.ts';

const EVENTS = 40;
/** A queue may take a while to drain. */
const PATIENCE = { forMs: 10_000, everyMs: 50 };

export const check = defineCheck({
  id: 'delivery/no-loss',
  level: 'MUST',
  title: `Processes each of ${EVENTS} concurrent events`,
  requirement: {
    text: 'A 2xx acknowledges the event: it is not sent again',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'State shared between requests is read, modified and written back, so that one request overwrites another; or a full queue drops events.',
  fix: 'Insert a row per event instead of rewriting a list; respond with 503 when a queue is full so that the provider retries.',
  catches: ['delivery-loses-in-parallel'],
  stage: 'load',
  needs: ['effects'],
  run: async (probe) => {
    const events = Array.from({ length: EVENTS }, () => probe.event());
    const sent = await Promise.all(events.map((event) => deliver(probe, event)));
    const taken = events.filter((_, place) => isAccepted(sent[place]!));
    if (taken.length < EVENTS / 2) {
      return notTested(`Only ${taken.length} of ${EVENTS} events were accepted.`);
    }
    const effects = effectsOf(probe);
    const counts = await Promise.all(taken.map(({ id }) => effects.settled(id, 1, PATIENCE)));
    const lost = counts.filter((count) => count === 0).length;
    const doubled = counts.filter((count) => count > 1).length;
    if (lost === 0 && doubled === 0)
      return pass(`${taken.length} of ${EVENTS} accepted, none lost`);
    const place = counts.indexOf(0);
    const cause =
      place === -1 || knowsCause(probe, 'lost')
        ? null
        : await explainInTurn(probe, 'lost', sent[events.indexOf(taken[place]!)]!);
    if (cause !== null) rememberCause(probe, 'lost', cause);
    return fail({
      ...(cause !== null && { key: cause.key, diagnosis: cause.sentence, fix: cause.fix }),
      symptom: lost > 0 ? 'lost' : 'doubled',
      expected: ['one effect per accepted event'],
      actual: `of ${taken.length} accepted events, ${lost} had no effect and ${doubled} had several`,
    });
  },
});
