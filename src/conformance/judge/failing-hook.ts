/**
 * Temporary failure of event processing in the receiver.
 *
 * @module
 */
import { HookError } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';

/** Run `work` while processing fails; the fault is turned off afterwards in any case. */
export const whileFailing = async <T>(
  { hooks: { fault } }: Probe,
  work: () => Promise<T>,
): Promise<T> => {
  if (fault === undefined)
    throw new HookError('A check that uses the fault hook must list it in "needs".');
  await fault(true);
  try {
    return await work();
  } finally {
    await fault(false);
  }
};
