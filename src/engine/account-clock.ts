/**
 * The virtual clock of one account. Every change is persisted.
 *
 * **States.** The clock is either *free*, running by its mode, or *held* by an advance at a fixed time ({@link
 * AccountClock.hold}). An advance holds it at one time after the other and releases it at the end. The clock follows the
 * process's date by the rules of {@link SystemClock} and never goes back: if the system's date was set back while the
 * sandbox was down, the clock continues from its last time.
 *
 * **How long an attempt lasts.** An attempt starts at the clock's current time. In `realtime` it takes as long as it
 * really takes. In the other modes, and during an advance, an attempt takes no time if it gets a response or fails, and
 * the documented time limit (10 s) if it times out, whatever that really took. The end of a timed-out attempt is
 * therefore a step of the clock, like a due time: the delivery stays in flight until the clock reaches that time. Only
 * then is the attempt recorded and the retry planned, or the dead letter written. Consequently:
 *
 * - No record is dated later than the account's clock, and the attempts of an event that always times out start at T,
 *   T+40 s, T+350 s and T+2160 s, however the clock gets there.
 * - `frozen` records a timed-out attempt once it was advanced by 10 s or more; `skip` jumps to its end as soon as nothing
 *   is in flight in real time; `scaled` records it when the clock gets there, or at once if it is already past it.
 * - An advance steps onto each such end up to its target; one that stops earlier leaves the delivery in flight.
 *
 * **Failure.** If persisting a change fails, the method rejects with the store's error and the clock is as before. A
 * result that awaits its virtual end is lost when the sandbox stops; the attempt is repeated after the restart.
 *
 * @module
 */
import type { ClockPlan, ClockState, SystemClock } from '../clock/port.ts';
import { measuresAttempts, movedTo, planFor, startTimeOf, virtualNow } from '../clock/virtual.ts';
import type { AccountKey, Millis } from '../domain/delivery.ts';
import { LAST_MOMENT } from '../domain/time.ts';
import type { AccountStore } from '../storage/store.ts';

export interface AccountClock {
  now(): Millis;
  state(): ClockState;
  /** Whether attempts take no time unless they time out: true in all modes but `realtime`, and while held. */
  isSimulated(): boolean;
  /** The start time to record for an attempt that was due at `dueAt` and is sent now. */
  stampFor(dueAt: Millis): Millis;
  /** How the clock gets to `at`. While held, it moves only by the advance that holds it. */
  plan(at: Millis): ClockPlan;
  set(state: ClockState): Promise<void>;
  /** Use a state that is stored already. */
  adopt(state: ClockState): void;
  /** Set the time; the mode stays. */
  moveTo(at: Millis): Promise<void>;
  /** Stop the clock at `at` until {@link AccountClock.release}. */
  hold(at: Millis): Promise<void>;
  release(): Promise<void>;
}

export const createAccountClock = (
  account: AccountKey,
  initial: ClockState,
  store: Pick<AccountStore, 'saveClock'>,
  wall: Pick<SystemClock, 'now'>,
): AccountClock => {
  let state = { ...initial, anchorWall: Math.min(initial.anchorWall, wall.now()) };
  let held: Millis | null = null;

  // The clock stops at the last representable time.
  const now = (): Millis => held ?? Math.min(virtualNow(state, wall.now()), LAST_MOMENT);
  const set = async (next: ClockState): Promise<void> => {
    const previous = state;
    // Before it is stored: changes that follow meanwhile are based on it.
    state = next;
    try {
      await store.saveClock(account, next);
    } catch (error) {
      if (state === next) state = previous;
      throw error;
    }
  };
  const moveTo = (at: Millis): Promise<void> => set(movedTo(state, at, wall.now()));

  return {
    now,
    state: () => state,
    isSimulated: () => held !== null || !measuresAttempts(state),
    stampFor: (dueAt) => held ?? startTimeOf(state, dueAt, now()),
    plan: (at) => {
      if (held === null) return planFor(state, at, now());
      return at <= held ? 'now' : { sleepMs: Infinity };
    },
    set,
    adopt: (next) => {
      state = next;
    },
    moveTo,
    hold: async (at) => {
      const previous = held;
      held = at;
      try {
        await moveTo(at);
      } catch (error) {
        held = previous;
        throw error;
      }
    },
    release: async () => {
      const at = held;
      held = null;
      await moveTo(at ?? now());
    },
  };
};
