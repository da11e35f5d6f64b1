/**
 * The clock of one account: it runs by its mode, or is held by an advance. Every change is written down.
 *
 * It follows the process's date, with the rules of {@link SystemClock}: it never goes back. If the system's date was set
 * back while the sandbox was down, the clock goes on from what it showed last.
 *
 * **How long an attempt lasts.** An attempt starts at what the clock shows. In `realtime` it ends when it really ends. In
 * the other modes, and in an advance, an attempt that is answered or fails takes no time, and one that times out takes
 * the documented time limit (10 s), whatever it really took. The end of a timed-out attempt is therefore a step of the
 * clock, as a due time is: the delivery stays in flight until the clock shows that moment, and only then the attempt is
 * recorded, the retry is planned from it, or the dead letter is written. So:
 *
 * - nothing is ever dated after what the account's clock shows, and the attempts of an event that always times out start
 *   at T, T+40 s, T+350 s and T+2160 s, in whatever steps the clock gets there;
 * - `frozen` shows a timed-out attempt after it was advanced by 10 s or more; `skip` jumps to the end as soon as nothing
 *   is in flight in real time; `scaled` records it when the clock gets there, or at once if it is past that;
 * - an advance steps onto each such end up to its goal; one that ends before leaves the delivery in flight;
 * - a result that was not recorded yet is lost when the sandbox stops, and the attempt is made again after a restart.
 *
 * @module
 */
import type { ClockState, SystemClock } from '../clock/port.ts';
import { movedTo, virtualNow, wallDelayUntil } from '../clock/virtual.ts';
import type { AccountKey, Millis } from '../domain/delivery.ts';
import { LAST_MOMENT } from '../domain/time.ts';
import type { AccountStore } from '../storage/store.ts';

/**
 * On a scaled clock an attempt is stamped with its due time as long as real time is not further behind than this:
 * the simulation is paced by real time, not measured by it.
 */
const PACING_SLACK_MS = 50;

export interface AccountClock {
  now(): Millis;
  state(): ClockState;
  /** Time passes only by steps: an answered attempt takes none of it. */
  isSimulated(): boolean;
  isHeld(): boolean;
  /** What is due at `dueAt` and starts now, started when? */
  stampFor(dueAt: Millis): Millis;
  /** Real milliseconds until it shows `at`; null when it never will by itself. */
  delayUntil(at: Millis): Millis | null;
  set(state: ClockState): Promise<void>;
  moveTo(at: Millis): Promise<void>;
  /** Out of real time: it shows `at` until {@link AccountClock.letGo}. */
  hold(at: Millis): Promise<void>;
  letGo(): Promise<void>;
}

export const createAccountClock = (
  account: AccountKey,
  initial: ClockState,
  store: Pick<AccountStore, 'saveClock'>,
  wall: Pick<SystemClock, 'now'>,
): AccountClock => {
  let state = { ...initial, anchorWall: Math.min(initial.anchorWall, wall.now()) };
  let held: Millis | null = null;

  // It stands still at the last moment that can be written.
  const now = (): Millis => held ?? Math.min(virtualNow(state, wall.now()), LAST_MOMENT);
  const set = async (next: ClockState): Promise<void> => {
    state = next;
    await store.saveClock(account, next);
  };
  const moveTo = (at: Millis): Promise<void> => set(movedTo(state, at, wall.now()));

  return {
    now,
    state: () => state,
    isSimulated: () => held !== null || state.mode !== 'realtime',
    isHeld: () => held !== null,
    stampFor: (dueAt) => {
      const at = now();
      const paced = held === null && state.mode === 'scaled';
      return paced && (at - dueAt) / state.rate <= PACING_SLACK_MS ? dueAt : at;
    },
    delayUntil: (at) => wallDelayUntil(state, at, wall.now()),
    set,
    moveTo,
    hold: async (at) => {
      held = at;
      await moveTo(at);
    },
    letGo: async () => {
      const at = held;
      held = null;
      await moveTo(at ?? now());
    },
  };
};
