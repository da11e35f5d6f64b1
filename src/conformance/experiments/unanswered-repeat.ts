/**
 * Whether a repeat that arrives while its event is being processed leaves other requests with that event without an answer.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { postTogether } from '../probe/simultaneous.ts';
import { describeReply, fail, isAccepted, isTimedOut } from '../verdict.ts';
import { contentOf } from './explain-refusal.ts';
import type { NamedCause } from './known-causes.ts';

const UNANSWERED_REPEAT: NamedCause = {
  key: 'silent:repeat-in-progress',
  sentence:
    'A repeat that arrives while the first request with its event is still being processed leaves one of the two without an answer: what waits for a result is kept by the id of the event, and the second request takes the place of the first.',
  fix: 'Keep what waits by request, not by event: let a repeat join those that wait for its id, and answer all of them.',
};

/** Not all requests of a group overlap, and not those of every group. */
const GROUPS = 3;
const REQUESTS = 8;

const sendGroups = (
  probe: Probe,
  eventsOf: () => readonly Event[],
): Promise<readonly (readonly Exchange[])[]> =>
  Promise.all(
    Array.from({ length: GROUPS }, () =>
      postTogether(
        probe,
        eventsOf().map((event) => ({ body: probe.write(event) })),
      ),
    ),
  );

const isPartlyAnswered = (group: readonly Exchange[]): boolean =>
  group.some(isAccepted) && group.some(isTimedOut);

/**
 * @returns a failure if of simultaneous requests with one event some are never answered, though as many with different
 * events are; null otherwise
 */
export const judgeUnanswered = (probe: Probe): Promise<Verdict | null> =>
  probe.alone(async () => {
    const repeated = await sendGroups(probe, () =>
      Array.from<Event>({ length: REQUESTS }).fill(probe.event()),
    );
    const partly = repeated.find(isPartlyAnswered);
    if (partly === undefined) return null;
    const different = await sendGroups(probe, () =>
      Array.from({ length: REQUESTS }, () => probe.event()),
    );
    if (!different.flat().every(isAccepted)) return null;
    const silent = partly.filter(isTimedOut);
    const { key, sentence, fix } = UNANSWERED_REPEAT;
    return fail({
      key,
      expected: [`a response to each request within ${probe.timeoutMs} ms`],
      actual: `${REQUESTS} requests with one event at the same moment: ${silent.length} without a response (${describeReply(silent[0]!.reply)}); with different events: all were accepted`,
      diagnosis: sentence,
      fix,
      exchanges: [partly.find(isAccepted)!, ...silent],
    });
  });

const bytesOf = ({ request }: Exchange): string => Buffer.from(request.body).toString('latin1');

/**
 * The same cause for valid events without an answer, once requests with the same bytes were in part accepted and in part
 * left without one; null otherwise.
 */
export const explainBySilentRepeats = (
  hung: readonly Exchange[],
  all: readonly Exchange[],
): Pick<Extract<Verdict, { status: 'fail' }>, 'key' | 'diagnosis' | 'fix' | 'owner'> | null => {
  const accepted = new Set(all.filter(isAccepted).map(bytesOf));
  const isShown = all.some((one) => isTimedOut(one) && accepted.has(bytesOf(one)));
  if (!isShown || !hung.every(({ request }) => contentOf(request.body) !== null)) return null;
  const { key, sentence, fix } = UNANSWERED_REPEAT;
  return { key, diagnosis: sentence, fix, owner: 'delivery/dup-race' };
};
