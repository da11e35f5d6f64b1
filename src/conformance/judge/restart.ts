/**
 * Restart of the receiver.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';
import { BACK_WITHIN_MS, HookError, sleep } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';

const LOOK_EVERY_MS = 50;
/** Refusals after which a receiver is up and still refuses: the next events are sent without a pause. */
const PAUSED = 10;
/** More refusals than this are not counted on without a pause. */
const MAX_QUICK = 3000;

/** Statuses of a receiver or a proxy that is not ready yet, or is busy. */
const NOT_READY: ReadonlySet<number> = new Set([408, 409, 425, 429, 502, 503, 504]);

/** A receiver that is up has refused a valid event. */
export const isRefusedAfterStart = (exchange: Exchange): boolean => {
  const { reply } = exchange;
  return reply.kind === 'answer' && !isAccepted(exchange) && !NOT_READY.has(reply.status);
};

/** Requests of {@link untilAccepted}. */
const sentMeanwhile = new WeakSet<Exchange>();

/** Whether a request was sent to see whether an intended restart is over: that it was refused is no crash. */
export const isOfRestart = (exchange: Exchange): boolean => sentMeanwhile.has(exchange);

/** New events, one at a time, until one is accepted. @returns the first accepted exchange, or the last rejected one */
export const untilAccepted = async (probe: Probe): Promise<Exchange> => {
  const { wall } = probe;
  const until = wall.now() + BACK_WITHIN_MS;
  const ask = async (): Promise<Exchange> => {
    const asked = await probe.post(probe.event());
    sentMeanwhile.add(asked);
    return asked;
  };
  let exchange = await ask();
  for (let refused = 0; !isAccepted(exchange) && wall.now() < until;) {
    refused += Number(isRefusedAfterStart(exchange));
    if (refused < PAUSED || refused > MAX_QUICK) await sleep(wall, LOOK_EVERY_MS);
    exchange = await ask();
  }
  return exchange;
};

/** Restart the receiver and wait until it accepts events. @returns the first accepted exchange, or the last rejected one */
export const restart = async (probe: Probe): Promise<Exchange> => {
  const { hooks } = probe;
  if (hooks.restart === undefined) {
    throw new HookError('A check that uses the restart hook must list it in "needs".');
  }
  await hooks.restart();
  return untilAccepted(probe);
};
