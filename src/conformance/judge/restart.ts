/**
 * Restart of the receiver.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';
import { BACK_WITHIN_MS, HookError, waitFor } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';

const LOOK_EVERY_MS = 50;

/** Requests of {@link restart}. */
const sentMeanwhile = new WeakSet<Exchange>();

/** Whether a request was sent to see whether an intended restart is over: that it was refused is no crash. */
export const isOfRestart = (exchange: Exchange): boolean => sentMeanwhile.has(exchange);

/** Restart the receiver and wait until it accepts events. @returns the first accepted exchange, or the last rejected one */
export const restart = async (probe: Probe): Promise<Exchange> => {
  const { hooks, wall } = probe;
  if (hooks.restart === undefined) {
    throw new HookError('A check that uses the restart hook must list it in "needs".');
  }
  await hooks.restart();
  const ask = async (): Promise<Exchange> => {
    const exchange = await probe.post(probe.event());
    sentMeanwhile.add(exchange);
    return exchange;
  };
  return waitFor(wall, ask, isAccepted, {
    forMs: BACK_WITHIN_MS,
    everyMs: LOOK_EVERY_MS,
  });
};
