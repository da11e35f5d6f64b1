/**
 * A campaign that goes out: fifty events at once.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import type { Event } from '../../probe/event-maker.ts';
import type { Exchange } from '../../net/exchange.ts';
import { sleep } from '../../hooks/hooks.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

const EVENTS = 50;
const AGAIN_AFTER_MS = 1000;
const MAX_WAIT_MS = 3000;

const isLimited = ({ reply }: Exchange): boolean =>
  reply.kind === 'answer' && (reply.status === 429 || reply.status === 503);

/** What the receiver asks for, within bounds. Milliseconds. */
const waitOf = (limited: readonly Exchange[]): number => {
  const asked = limited.map(({ reply }) => {
    const value =
      reply.kind === 'answer' ? reply.headers.find(([name]) => name === 'retry-after') : undefined;
    return Number(value?.[1] ?? 0) * 1000 || AGAIN_AFTER_MS;
  });
  return Math.min(Math.max(...asked), MAX_WAIT_MS);
};

export const check = defineCheck({
  id: 'http/burst-limited',
  level: 'SHOULD',
  title: `Takes ${EVENTS} events at once, at the second try at the latest`,
  requirement: {
    text: 'Events come when they happen, many at once when a campaign goes out; each refusal costs 30 seconds, and the fourth the event',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'A limiter counts the provider’s deliveries like a stranger’s requests.',
  fix: 'Leave the webhook’s path out of the limiter, or limit only what is not rightly signed; put work into a queue rather than turning it away.',
  catches: ['http-limits-bursts'],
  stage: 'load',
  run: async (probe) => {
    const events: readonly Event[] = Array.from({ length: EVENTS }, () => probe.event());
    const first = await Promise.all(events.map((event) => probe.post(event)));
    const limited = first.filter(isLimited);
    if (limited.length === 0) {
      const taken = first.filter(isAccepted).length;
      return taken === EVENTS ? pass() : notTested(`Only ${taken} of ${EVENTS} were accepted.`);
    }
    await sleep(probe.wall, waitOf(limited));
    const turnedAway = events.filter((_, place) => isLimited(first[place]!));
    const again = await Promise.all(turnedAway.map((event) => probe.post(event)));
    const still = again.filter(isLimited);
    const [last] = still;
    if (last === undefined) return pass(`${limited.length} of ${EVENTS} at the second try`);
    return fail({
      expected: ['a 2xx at the second try'],
      actual: `${limited.length} of ${EVENTS} were turned away, ${still.length} of them again: ${describeReply(last.reply)}`,
      exchanges: [last],
    });
  },
});
