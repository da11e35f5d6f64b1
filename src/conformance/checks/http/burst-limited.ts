/**
 * Rate limiting: fifty concurrent events, as when a campaign goes out; and limits that the run met before.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import type { Event } from '../../probe/event-maker.ts';
import type { Exchange } from '../../net/exchange.ts';
import { isThrottled, retryAfterMs } from '../../net/throttle.ts';
import type { Probe } from '../../probe/probe.ts';
import { sleep } from '../../hooks/hooks.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

const EVENTS = 50;
const DEFAULT_WAIT_MS = 1000;
const MAX_WAIT_MS = 3000;

const isLimited = ({ reply }: Exchange): boolean =>
  reply.kind === 'answer' && (reply.status === 429 || reply.status === 503);

/** Wait in ms that the receiver asks for by Retry-After, at most `MAX_WAIT_MS`. */
const waitMsOf = (limited: readonly Exchange[], now: number): number => {
  const asked = limited.map(({ reply }) => retryAfterMs(reply, now) ?? DEFAULT_WAIT_MS);
  return Math.min(Math.max(...asked), MAX_WAIT_MS);
};

/** A rate limit elsewhere in the run, which is reported here once; null without one. */
const limitsOfRun = (probe: Probe): Verdict | null => {
  const { count, first, waitedMs } = probe.limits();
  if (first === null) return null;
  return fail({
    level: 'INFO',
    expected: ['a 2xx for every valid event, however many requests came before'],
    actual: `${count} responses were a rate limit, the first a ${describeReply(first.reply)}; the run waited ${Math.round(waitedMs / 100) / 10} s for it`,
    diagnosis:
      'The receiver limits the rate of requests, which is legal: a limited event is sent again later. Each refusal delays an event by at least 30 seconds, and the fourth in a row loses it.',
    exchanges: [first],
  });
};

export const check = defineCheck({
  id: 'http/burst-limited',
  level: 'SHOULD',
  title: `Accepts ${EVENTS} concurrent events, on the second attempt at the latest`,
  requirement: {
    text: 'Events are sent as they happen, many at once when a campaign goes out. Each refusal delays an event by at least 30 seconds, and the fourth loses it',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'A rate limiter treats the provider’s deliveries like anonymous requests.',
  fix: 'Exempt the webhook path from the rate limiter, or limit only requests without a valid signature; queue work instead of rejecting it.',
  catches: ['http-limits-bursts', 'signature-limits-after-forgery'],
  judgesLimits: true,
  stage: 'load',
  run: async (probe) => {
    const limitedBefore = probe.limits().count > 0;
    const events: readonly Event[] = Array.from({ length: EVENTS }, () => probe.event());
    const first = await Promise.all(events.map((event) => probe.post(event)));
    const limited = first.filter(isLimited);
    if (limited.length === 0) {
      const accepted = first.filter(isAccepted).length;
      return accepted === EVENTS
        ? (limitsOfRun(probe) ?? pass())
        : notTested(`Only ${accepted} of ${EVENTS} events were accepted.`);
    }
    await sleep(probe.wall, waitMsOf(limited, probe.wall.now()));
    const rejected = events.filter((_, place) => isLimited(first[place]!));
    const again = await Promise.all(rejected.map((event) => probe.post(event)));
    const still = again.filter(isLimited);
    const [last] = still;
    if (last === undefined) {
      const note = `${limited.length} of ${EVENTS} on the second attempt`;
      return limitedBefore ? (limitsOfRun(probe) ?? pass(note)) : pass(note);
    }
    return fail({
      // Legal; a 503 that does not say for how long is a failure.
      ...(still.every(isThrottled) ? { level: 'INFO' as const } : {}),
      expected: ['a 2xx on the second attempt'],
      actual: `${limited.length} of ${EVENTS} were rejected, ${still.length} of them again: ${describeReply(last.reply)}`,
      exchanges: [last],
    });
  },
});
