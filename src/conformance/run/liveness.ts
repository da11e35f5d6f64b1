/**
 * Whether the receiver still lives: a fresh valid event after whatever might have hurt it.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';
import type { Crash, LostControl } from './observed.ts';
import type { Exchange } from '../net/exchange.ts';
import { sleep } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';

/** A supervisor may bring it back within this time. Milliseconds. */
const COMES_BACK_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 100;

export interface Liveness {
  /**
   * Sends a control.
   *
   * @param wasDown nobody took a connection meanwhile: it has died, even if it is back by now
   * @returns false when the receiver is dead for good
   */
  control(after: string, last: Exchange | null, wasDown?: boolean): Promise<boolean>;
  /** The same after a restart on purpose: who does not come back has not died of what it was sent. */
  isBack(): Promise<boolean>;
  readonly deaths: readonly Crash[];
  readonly lostControls: readonly LostControl[];
  readonly controls: number;
}

/** Nobody listens on the port. */
export const isDown = ({ reply }: Pick<Exchange, 'reply'>): boolean =>
  reply.kind === 'none' && reply.cause === 'refused';

/** No connection at all, or cut at once: nobody is at home. */
export const isUnreachable = (exchange: Pick<Exchange, 'reply'>): boolean => {
  const { reply } = exchange;
  return isDown(exchange) || (reply.kind === 'none' && reply.cause === 'reset');
};

/** @param probe what the controls are sent with */
export const createLiveness = (probe: Probe, wall: WallClock): Liveness => {
  const deaths: Crash[] = [];
  const lostControls: LostControl[] = [];
  let controls = 0;

  const comesBack = async (): Promise<boolean> => {
    const until = wall.now() + COMES_BACK_WITHIN_MS;
    while (wall.now() < until && probe.signal?.aborted !== true) {
      await sleep(wall, LOOK_EVERY_MS);
      if (!isUnreachable(await probe.post(probe.event()))) return true;
    }
    return false;
  };

  const look = async (after: string, last: Exchange | null, wasDown: boolean): Promise<boolean> => {
    const control = await probe.post(probe.event());
    if (wasDown && !isUnreachable(control)) {
      deaths.push({ by: after, exchange: last, backAfterMs: 0, answersOthers: false });
    }
    if (isAccepted(control) || probe.signal?.aborted === true) return true;
    if (!isUnreachable(control)) {
      lostControls.push({ after, control });
      return true;
    }
    const since = wall.now();
    const back = await comesBack();
    const backAfterMs = back ? wall.now() - since : null;
    const answersOthers =
      !back && !isUnreachable(await probe.post(probe.event(), { signature: null }));
    deaths.push({ by: after, exchange: last, backAfterMs, answersOthers });
    return back;
  };

  return {
    deaths,
    lostControls,
    get controls() {
      return controls;
    },
    control: async (after, last, wasDown = false) => {
      controls += 1;
      try {
        return await look(after, last, wasDown);
      } catch (error) {
        // A run that ends meanwhile says nothing of the receiver.
        if (probe.signal?.aborted === true) return true;
        throw error;
      }
    },
    isBack: async () => !isUnreachable(await probe.post(probe.event())) || (await comesBack()),
  };
};
