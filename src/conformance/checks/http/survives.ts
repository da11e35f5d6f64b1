/**
 * Whether the receiver was still there after everything.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import type { Crash } from '../../run/observed.ts';
import { fail, notTested, pass } from '../../verdict.ts';
import { isDown } from '../../run/liveness.ts';

const tellReturn = ({ backAfterMs }: Crash): string => {
  if (backAfterMs === null) return 'did not come back';
  return backAfterMs === 0 ? 'was back at the next look' : `was back after ${backAfterMs} ms`;
};

export const check = defineCheck({
  id: 'http/survives',
  level: 'MUST',
  title: 'Stays up, whatever it is sent',
  requirement: {
    text: 'A receiver that is down loses events after the third retry; anybody can send it anything',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'An error that nobody catches ends the process.',
  fix: 'Catch errors in the handler and answer 4xx or 5xx; check the signature’s form before comparing (Node: timingSafeEqual throws on different lengths).',
  catches: [
    'signature-crash-for-good',
    'signature-crash-supervised',
    'http-dies-of-an-event',
    'http-dies-of-an-event-supervised',
    'http-lock-poisoned',
  ],
  observe: ({ deaths, controls }) => {
    if (controls === 0) return notTested('Nothing was sent that could hurt it. Run more checks.');
    // Whoever found it down already has not brought it down, if another is known.
    const first =
      deaths.find(({ exchange }) => exchange !== null && !isDown(exchange)) ?? deaths[0];
    if (first === undefined) return pass(`${controls} controls`);
    const shown = first.exchange === null ? {} : { exchanges: [first.exchange] };
    if (first.answersOthers) {
      return fail({
        expected: ['the receiver goes on answering'],
        actual: `since what ${first.by} sent, it cuts the connection of every valid event, though it answers what is not signed`,
        diagnosis:
          'The process lives, but something that every event needs was broken by that one: a lock that a failed thread still holds (a poisoned mutex), a closed database connection, a worker that ended.',
        fix: 'Look at its log for the first error. Let an event that fails end its own request only: catch the error, answer 5xx, and release what was locked.',
        ...shown,
      });
    }
    return fail({
      expected: ['the receiver goes on answering'],
      actual: `it died of what ${first.by} sent, and ${tellReturn(first)}`,
      ...shown,
    });
  },
});
