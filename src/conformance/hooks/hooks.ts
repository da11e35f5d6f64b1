/**
 * What the suite may ask of the receiver's own test hooks: how often an event took effect, what is known of a lead,
 * to fail on purpose, to restart, to recover its dead letters.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';

/**
 * What a receiver keeps of one lead, as `--state-url` tells it. Members that a receiver does not keep are left out:
 * what needs them is not tested.
 */
export interface LeadState {
  /** Whether the receiver knows this lead at all. */
  readonly known: boolean;
  /** The URL that was asked for a lead that is unknown: whoever is surprised by it looks there. */
  readonly asked?: string | undefined;
  /** Mail to this address is given up, in every campaign. */
  readonly suppressed?: boolean | undefined;
  readonly unsubscribed?: boolean | undefined;
  readonly open_count?: number | undefined;
  /** Sentiment of the latest reply, by the time of the event. */
  readonly sentiment?: string | null | undefined;
  /** Rates that the receiver computes, by name, as shares of one: `{"bounce_rate": 0.05}`. */
  readonly rates?: Readonly<Record<string, number | null>> | undefined;
}

/** Where a recovery finds the dead letters: `GET {apiUrl}/v1/webhooks/{webhookId}/failed-events`. */
export interface DeadLetterSource {
  readonly apiUrl: string;
  /** For the header `x-user-context`. */
  readonly apiKey: string;
  readonly webhookId: string;
}

/** A running campaign that the receiver may pause by the provider's API. */
export interface WatchedCampaign extends AsyncDisposable {
  /** As in `data.campaign_id` of events. */
  readonly id: string;
  isPaused(): Promise<boolean>;
}

/** The hooks as the user gives them; in code, callbacks. */
export interface Hooks {
  /** How often the event with this id has taken effect so far. */
  readonly effects?: ((eventId: string) => Promise<number>) | undefined;
  readonly state?: ((leadEmail: string) => Promise<LeadState>) | undefined;
  /** Makes whatever the receiver hands events to fail, or work again. */
  readonly fault?: ((failing: boolean) => Promise<void>) | undefined;
  /** Ends the receiver's process the hard way and starts it again; resolves when the command has ended. */
  readonly restart?: (() => Promise<void>) | undefined;
  /** Runs the receiver's recovery of dead letters once, against this API; resolves when it has ended. */
  readonly recover?: ((from: DeadLetterSource) => Promise<void>) | undefined;
  /** Starts a campaign where the receiver would pause it. */
  readonly campaign?: (() => Promise<WatchedCampaign>) | undefined;
}

/** A sandbox for the checks of dead-letter recovery: they advance its clock, and leave nothing behind. */
export interface RunningSandbox extends AsyncDisposable {
  readonly url: string;
  readonly apiKey: string;
}

export type StartSandbox = () => Promise<RunningSandbox>;

/** A hook that does not do what it is there for: the suite's trouble, not the receiver's. */
export class HookError extends Error {
  override readonly name = 'HookError';
}

/** After a restart, nobody may be at home for so long: a JVM or a container takes its time. Milliseconds. */
export const BACK_WITHIN_MS = 30_000;

/** How long a count may take to become what is awaited, and to stand still. Milliseconds. */
export interface Patience {
  readonly forMs: number;
  readonly everyMs: number;
}

const PATIENCE: Patience = { forMs: 5000, everyMs: 20 };

/** What the receiver has accepted and not processed yet. */
export interface Queue {
  /** Looks how far the receiver has come: to be compared with a later look. */
  look(): Promise<void>;
  /**
   * Waits while something is in the queue and the queue moves.
   *
   * @param isOver ends the wait early
   * @throws when it takes too long
   */
  outlast(isOver: () => Promise<boolean>): Promise<void>;
}

/** Who has waited so long may have a queue to wait for. Milliseconds. */
const LOOK_AFTER_MS = 500;

/** The effects hook, with the waiting that a receiver who works asynchronously needs. */
export interface Effects {
  /** The count now. */
  count(eventId: string): Promise<number>;
  /**
   * Waits until it is at least `least` (or patience ends), then until it stands still: the longer, the longer the
   * first effect took. @returns the count
   */
  settled(eventId: string, least: number, patience?: Partial<Patience>): Promise<number>;
}

export const sleep = (wall: WallClock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    wall.after(ms, resolve);
  });

/** Two equal counts this far apart count as standing still. */
const STILL_MS = 60;
const MAX_STILL_MS = 1000;

/**
 * Asks until `fits` or patience ends; then for as long as there is a queue that moves.
 *
 * @returns the last answer
 */
export const waitFor = async <T>(
  wall: WallClock,
  ask: () => Promise<T>,
  fits: (answer: T) => boolean,
  { queue = null, ...patience }: Partial<Patience> & { readonly queue?: Queue | null } = {},
): Promise<T> => {
  const { forMs, everyMs } = { ...PATIENCE, ...patience };
  const since = wall.now();
  let answer = await ask();
  // Once for each answer: it may compare with the one before.
  let isGood = fits(answer);
  const again = async (): Promise<boolean> => {
    answer = await ask();
    isGood = fits(answer);
    return isGood;
  };
  for (let looked = false; !isGood && wall.now() < since + forMs; await again()) {
    if (!looked && wall.now() >= since + LOOK_AFTER_MS) {
      looked = true;
      await queue?.look();
    }
    await sleep(wall, everyMs);
  }
  if (isGood || queue === null) return answer;
  await queue.outlast(again);
  // What came last may have come after the last question.
  if (!isGood) await again();
  return answer;
};

/**
 * @param queue that what is accepted may wait in
 * @param defaultForMs patience unless a caller gives its own
 */
export const createEffects = (
  count: (eventId: string) => Promise<number>,
  wall: WallClock,
  queue: Queue | null = null,
  defaultForMs: () => number = () => PATIENCE.forMs,
): Effects => ({
  count,
  settled: async (eventId, least, patience = {}) => {
    const since = wall.now();
    const ask = (): Promise<number> => count(eventId);
    const { forMs = defaultForMs() } = patience;
    let last = await waitFor(wall, ask, (now) => now >= least, { ...patience, forMs, queue });
    const took = last < least ? 0 : wall.now() - since;
    const until = Math.max(since + forMs, wall.now());
    const still = Math.min(Math.max(STILL_MS, 2 * took), MAX_STILL_MS);
    for (;;) {
      await sleep(wall, still);
      const again = await ask();
      if (again === last || wall.now() >= until) return again;
      last = again;
    }
  },
});
