/**
 * A receiver that is up and answers nothing any more: its cause is looked for once, and it is restarted where that is possible.
 *
 * @module
 */
import { explainHang, isHungForGood, revive } from '../experiments/hang.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import type { Crash, Hang } from './observed.ts';

/** How often a receiver that hangs is restarted, and the run goes on. */
const MAX_REVIVALS = 1;

export interface HangWatch {
  /** Null while it answers. */
  readonly hang: Hang | null;
  /** Whether no event gets a response, whatever time it gets. */
  isHung(): Promise<boolean>;
  /** @returns whether it answers again, after a restart */
  revive(culprit: Pick<Crash, 'by' | 'isWhileFailing'>, control: Exchange): Promise<boolean>;
}

export const createHangWatch = (probe: Probe): HangWatch => {
  let hangs = 0;
  let hang: Hang | null = null;
  return {
    get hang() {
      return hang;
    },
    isHung: () => isHungForGood(probe),
    revive: async ({ by, isWhileFailing }, control) => {
      hangs += 1;
      // Of a receiver that hangs since its processing failed on purpose, the check speaks.
      if (isWhileFailing !== true) hang ??= { by, control, cause: await explainHang(probe, by) };
      return hangs <= MAX_REVIVALS && revive(probe);
    },
  };
};
