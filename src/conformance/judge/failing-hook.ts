/**
 * Makes what the receiver hands events to fail for a while.
 *
 * @module
 */
import { HookError } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';

/** Whatever happens within, it works again afterwards. */
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
