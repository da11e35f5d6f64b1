/**
 * Whether the receiver survived all other checks.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import type { Sender } from '../../judge/sender.ts';
import type { Crash } from '../../run/observed.ts';
import { describeReply, fail, notTested, pass } from '../../verdict.ts';
import { isRefusedConnection } from '../../run/liveness.ts';

const describeRecovery = ({ recoveredAfterMs }: Crash): string => {
  if (recoveredAfterMs === null) return 'did not recover';
  return recoveredAfterMs === 0
    ? 'was available again at the next check'
    : `was available again after ${recoveredAfterMs} ms`;
};

const SENDERS = {
  anyone: 'Anybody can send this request: it needs no valid signature.',
  provider: 'The provider sends such events: it is correctly signed, and an event of the contract.',
  secret_holder: 'Only the holder of the secret can send this request, and the provider does not.',
} as const satisfies Record<Sender, string>;

const describeSender = ({ sender = 'anyone' }: Crash): string => SENDERS[sender];

const describeError = ({ isWhileFailing = false }: Crash): string =>
  isWhileFailing
    ? 'While the system that events are handed to fails, an event ends the process: the error of its processing is caught nowhere, such as the rejection of a promise that is not awaited.'
    : 'An uncaught error ends the process.';

export const check = defineCheck({
  id: 'http/survives',
  level: 'MUST',
  title: 'Stays available, whatever it receives',
  requirement: {
    text: 'A receiver that is down loses events after the third retry; anyone can send it anything',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'An uncaught error ends the process.',
  fix: 'Catch errors in the handler and respond with 4xx or 5xx; validate the signature format before comparing (Node: timingSafeEqual throws on different lengths).',
  catches: [
    'signature-crash-for-good',
    'signature-crash-supervised',
    'http-dies-of-an-event',
    'http-dies-of-an-event-supervised',
    'http-lock-poisoned',
  ],
  observe: ({ crashes, controls, hang = null, slowdown = null }) => {
    if (hang !== null) {
      const { by, control, cause } = hang;
      return fail({
        key: cause.key,
        expected: ['the receiver keeps responding'],
        actual: `after ${by}, no event gets a response any more (${describeReply(control.reply)})`,
        diagnosis: cause.sentence,
        fix: cause.fix,
        exchanges: [control],
      });
    }
    if (slowdown !== null) {
      return fail({
        key: slowdown.key,
        expected: ['responses as fast as before, whatever was refused meanwhile'],
        actual: 'each forged request makes later responses slower',
        diagnosis: slowdown.sentence,
        fix: slowdown.fix,
        exchanges: [],
      });
    }
    if (controls === 0)
      return notTested('No request was sent that could crash the receiver. Run more checks.');
    // A check that found the receiver already down did not cause the crash, if another one is known.
    const first =
      crashes.find(({ exchange }) => exchange !== null && !isRefusedConnection(exchange)) ??
      crashes[0];
    if (first === undefined) return pass(`${controls} control requests`);
    const shown = {
      key: `crash:${first.by}`,
      ...(first.exchange === null ? {} : { exchanges: [first.exchange] }),
      ...(first.log === undefined ? {} : { log: first.log }),
      ...(first.sender === 'secret_holder' ? { level: 'SHOULD' as const } : {}),
    };
    const { cause } = first;
    if (cause !== undefined) {
      return fail({
        ...shown,
        level: 'MUST',
        key: cause.key,
        expected: ['the receiver keeps responding'],
        actual: `the receiver was gone after ${first.by} and ${describeRecovery(first)}`,
        diagnosis: cause.sentence,
        fix: cause.fix,
      });
    }
    if (first.answersUnsigned) {
      return fail({
        expected: ['the receiver keeps responding'],
        actual: `since a request of ${first.by}, the receiver closes the connection on every valid event, although it responds to unsigned requests`,
        diagnosis: `The process is running, but that request broke something every event needs: a lock held by a failed thread (a poisoned mutex), a closed database connection, a dead worker. ${describeSender(first)}`,
        fix: 'Find the first error in its log. A failing event must only end its own request: catch the error, respond with 5xx, and release locks.',
        ...shown,
      });
    }
    return fail({
      expected: ['the receiver keeps responding'],
      actual: `the receiver crashed on a request of ${first.by} and ${describeRecovery(first)}`,
      diagnosis: `${describeError(first)} ${describeSender(first)}`,
      ...shown,
    });
  },
});
