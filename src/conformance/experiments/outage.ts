/**
 * Why a receiver no longer takes valid events, where no single request explains it: forged requests or events at the same
 * moment, each trial after a restart, since what is worn out stays so. The control, after another restart: as many plain
 * events one at a time, which must all be accepted.
 *
 * @module
 */
import { DELIVERY_POLICY, SIGNATURE } from '../../../schemas/contract.ts';
import { HookError } from '../hooks/hooks.ts';
import { wrongSignature } from '../judge/forgeries.ts';
import { restart } from '../judge/restart.ts';
import type { Exchange } from '../net/exchange.ts';
import { isThrottled } from '../net/throttle.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, isAccepted, isTimedOut } from '../verdict.ts';
import { rememberCause, type NamedCause } from './known-causes.ts';

/** More than a usual pool has places, and than attempts are allowed before an address is blocked. */
const FORGERIES = 40;
const CROWDS = [2, 4, 8, 12, 16, 24, 32, 48] as const;
/** So often the same size of crowd. */
const ROUNDS = 2;
/** Plain events after which a refusal lasts. */
const LASTING = 2;

/** The plain event that fails now and again after that; null when one is accepted or throttled. */
const lastingFailure = async (probe: Probe, waiting: number): Promise<Exchange | null> => {
  const first = await probe.post(probe.event());
  if (isAccepted(first) || isThrottled(first)) return null;
  for (let count = 0; count < LASTING; count += 1) {
    const next = await probe.post(probe.event());
    if (isAccepted(next) || isThrottled(next)) return null;
  }
  // One that has much to do answers as soon as that is done.
  return isTimedOut(first) && !(await isSilent(probe, waiting)) ? null : first;
};

/** Nothing is waited for longer than a sender does, or less than this. Milliseconds. */
const MIN_PATIENCE_MS = 2000;
const PATIENCE_FACTOR = 2;

/** Requests of a burst, which a receiver that serves one at a time may still be at work on. */
export const BACKLOG = 150;

/**
 * Whether a plain event gets no response.
 *
 * @param waiting requests that may have to be answered before it, one after the other
 */
export const isSilent = async (probe: Probe, waiting: number): Promise<boolean> => {
  const workMs = PATIENCE_FACTOR * waiting * probe.memory.fastestAcceptedMs;
  const timeoutMs = Math.min(DELIVERY_POLICY.timeoutMs, MIN_PATIENCE_MS + workMs);
  return isTimedOut(await probe.post(probe.event(), { timeoutMs }));
};

/** Whether a restart brings it back at all, which takes long to find out where it does not; tried once in a run. */
export const isBackAfterRestart = (probe: Probe): Promise<boolean> =>
  probe.memory.once('back after restart', () => begin(probe));

const begin = async (probe: Probe): Promise<boolean> => isAccepted(await restart(probe));

/** The control: as many plain events, one at a time. */
const takesPlain = async (probe: Probe, count: number): Promise<boolean> => {
  if (!(await begin(probe))) return false;
  for (let sent = 0; sent < count; sent += 1) {
    if (!isAccepted(await probe.post(probe.event()))) return false;
  }
  return true;
};

/** What becomes of valid events, as a sentence without its end. */
const outcomeOf = ({ reply }: Exchange): string => {
  if (reply.kind === 'answer') return `every valid event is refused (${describeReply(reply)})`;
  if (reply.cause === 'timeout') return 'no event gets a response any more';
  return reply.cause === 'refused'
    ? 'the receiver crashes: its process has ended and nothing listens any more'
    : 'the receiver closes the connection of every valid event';
};

const FORMS = [
  ['with a wrong signature', (probe: Probe) => wrongSignature(probe)],
  ['without a signature', () => null],
] as const;

const FORGERIES_KEY = 'state:after-forgeries';
const CROWD_KEY = 'state:after-crowd';

const FORGERY_FIX =
  'Do not count wrong signatures against an address: all events come from the addresses of the provider or a proxy, and anyone can send forgeries. Give back what a request has taken (connection, lock, place in a pool) when it is refused, too.';

const byForgeries = async (probe: Probe): Promise<NamedCause | null> => {
  for (const [form, signatureOf] of FORMS) {
    if (!(await begin(probe))) return null;
    for (let sent = 1; sent <= FORGERIES; sent += 1) {
      const forged = await probe.post(probe.event(), { signature: signatureOf(probe) });
      // Of one that is accepted, the checks of signatures speak.
      if (isAccepted(forged)) return null;
      const failed = await lastingFailure(probe, 1);
      if (failed === null) continue;
      if (!(await takesPlain(probe, 2 * sent))) return null;
      return {
        key: FORGERIES_KEY,
        sentence: `After ${sent} forged ${sent === 1 ? 'request' : 'requests'} ${form}, ${outcomeOf(failed)}: anyone who knows the URL can stop the events of the provider, as where an address is blocked after some attempts or each refused request keeps what it has taken. After a restart, ${2 * sent} plain events in a row are accepted.`,
        fix: FORGERY_FIX,
      };
    }
  }
  return null;
};

/** @param inTurn events that were accepted one at a time */
const causeOfDeadlock = (count: number, inTurn: number): NamedCause => ({
  key: CROWD_KEY,
  sentence: `When ${count} events arrive at the same time, they wait for each other for ever, a deadlock: none of them and no later event gets a response any more, until a restart; one at a time, ${inTurn} events are accepted. That is so where a request that has a place in a pool (threads, database connections) waits for another one of the same pool, or where locks are taken in different orders.`,
  fix: 'Let a request take all that it needs from a pool at once, or give inner tasks a pool of their own; take locks in one order everywhere; give up waiting after a second, and answer 503.',
});

const byCrowd = async (probe: Probe): Promise<NamedCause | null> => {
  if (!(await begin(probe))) return null;
  let sent = 0;
  for (const count of CROWDS) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const events = Array.from({ length: count }, () => probe.event());
      await Promise.all(events.map((event) => probe.post(event)));
      sent += count + 1;
      const failed = await lastingFailure(probe, count);
      if (failed === null) continue;
      if (!(await takesPlain(probe, sent))) return null;
      if (isTimedOut(failed)) return causeOfDeadlock(count, sent);
      return {
        key: CROWD_KEY,
        sentence: `When ${count} events arrive at the same time, ${outcomeOf(failed)}; one at a time, ${sent} events are accepted: requests that run at the same time disturb each other in what they share, such as a batch, a lock or a connection, and the error is caught nowhere.`,
        fix: 'Give each batch, lock and connection one owner that finishes it once, guard shared state with a mutex, and catch the errors of one request where it is handled.',
      };
    }
  }
  return null;
};

/** Whether it is worn out by this request alone, sent as the check has sent it. */
const isAlone = async (probe: Probe, { request }: Exchange): Promise<boolean> => {
  if (!(await begin(probe))) return false;
  const signature = request.headers.find(
    ([name]) => name.toLowerCase() === SIGNATURE.header.toLowerCase(),
  )?.[1];
  const { body, method, url } = request;
  await probe.post(body, { method, url, signature: signature ?? null });
  return (await lastingFailure(probe, 1)) !== null;
};

const experiment = async (probe: Probe, last: Exchange | null): Promise<NamedCause | null> => {
  if (last !== null && (await isAlone(probe, last))) return null;
  return (await byForgeries(probe)) ?? byCrowd(probe);
};

/**
 * Tried once in a run. Leaves the receiver restarted.
 *
 * @param last what was sent before, which may be enough; null for nothing
 * @returns null where neither forged requests nor a crowd wear it out, or without the restart hook
 */
export const explainOutage = async (
  probe: Probe,
  last: Exchange | null,
): Promise<NamedCause | null> => {
  if (probe.hooks.restart === undefined || probe.isSlow()) return null;
  return probe.memory.once('outage', () =>
    probe.alone(async () => {
      try {
        if (!(await isBackAfterRestart(probe))) return null;
        const cause = await experiment(probe, last);
        if (cause !== null) rememberCause(probe, 'refused', cause);
        await restart(probe);
        return cause;
      } catch (error) {
        if (error instanceof HookError) return null;
        throw error;
      }
    }),
  );
};
