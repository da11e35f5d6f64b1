/**
 * A receiver that accepts everything and, since some request, does nothing.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { causeOfStop, describeStop } from '../../experiments/effects-stop.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/effects-stop',
  level: 'MUST',
  title: 'Continues to process events, whatever it has received',
  requirement: {
    text: 'A 2xx says that the event was received: it is not sent again, so it must be processed',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'An error of one event ends the worker, thread or consumer that processes all events, while the web server continues to accept them.',
  fix: 'Catch every error of a single event inside the loop of the worker, store the event as failed, and continue; let a supervisor restart a worker that ends.',
  catches: ['delivery-worker-dies', 'delivery-holds-back'],
  observe: ({ effectsStop = null, seesEffects = false }) => {
    if (!seesEffects) return notTested({ needs: 'effects' });
    if (effectsStop === null) return pass();
    const { sentence, fix, key } = causeOfStop(effectsStop);
    const { culprit, suspects } = effectsStop;
    const shown = culprit === null ? suspects.slice(0, 4) : [culprit];
    return fail({
      symptom: 'lost',
      key,
      expected: ['one effect of every accepted event'],
      actual: describeStop(effectsStop),
      diagnosis: sentence,
      fix,
      exchanges: shown.map(({ exchange }) => exchange),
    });
  },
});
