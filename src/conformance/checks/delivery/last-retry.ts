/**
 * The last try of an event whose first three failed.
 *
 * @module
 */
import { DELIVERY_POLICY } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, times } from '../../judge/deliver.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import type { Event } from '../../probe/event-maker.ts';
import type { Probe } from '../../probe/probe.ts';
import { describeReply, fail, isAccepted, notTested, pass } from '../../verdict.ts';

const FAILED_TRIES = DELIVERY_POLICY.retryDelaysMs.length;
const EVENTS = 2;

const failThrice = async (probe: Probe, events: readonly Event[]): Promise<boolean> => {
  for (let tried = 0; tried < FAILED_TRIES; tried += 1) {
    const sent = await Promise.all(events.map((event) => probe.post(event)));
    if (sent.some(isAccepted)) return false;
  }
  return true;
};

export const check = defineCheck({
  id: 'delivery/last-retry',
  level: 'MUST',
  title: `Processes the last try of an event whose first ${FAILED_TRIES} failed`,
  requirement: {
    text: 'An event that does not get a 2xx is retried after 30 seconds, 5 minutes and 30 minutes: the fourth try may be the one that succeeds',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'The receiver counts the failures of an event and gives it up before the provider does: the last try is acknowledged, or refused, without being processed.',
  fix: 'Process each try as the first one; the provider decides when an event is given up, and keeps it as a dead letter then.',
  catches: ['delivery-gives-up-early'],
  stage: 'disturbing',
  needs: ['fault', 'effects'],
  after: ['delivery/mark-before-success', 'delivery/fail-2xx', 'delivery/retry-after-failure'],
  run: async (probe) => {
    const events = Array.from({ length: EVENTS }, () => probe.event());
    if (!(await whileFailing(probe, () => failThrice(probe, events)))) {
      return notTested('An event is acknowledged while processing fails: see delivery/fail-2xx.');
    }
    const last = await Promise.all(events.map((event) => deliver(probe, event)));
    const counts = await Promise.all(events.map(({ id }) => effectsOf(probe).settled(id, 1)));
    const lost = counts.indexOf(0);
    if (lost === -1) return pass();
    // The control: after a single failure it is processed.
    const once = probe.event();
    await whileFailing(probe, () => probe.post(once));
    await deliver(probe, once);
    if ((await effectsOf(probe).settled(once.id, 1)) === 0) {
      return notTested('A retry is not processed at all: see delivery/mark-before-success.');
    }
    return fail({
      symptom: 'lost',
      key: 'lost:last-retry',
      expected: ['a 2xx and one effect'],
      actual: `${describeReply(last[lost]!.reply)} and ${times(0)} for the try after ${FAILED_TRIES} failed ones`,
      diagnosis: `After ${FAILED_TRIES} failed tries an event is given up: the next one is answered ${isAccepted(last[lost]!) ? '2xx' : 'without success'} and has no effect, though a retry after a single failure is processed.`,
      exchanges: [last[lost]!],
    });
  },
});
