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

/** How long a count may take to become what is awaited, and to stand still. Milliseconds. */
export interface Patience {
  readonly forMs: number;
  readonly everyMs: number;
}

const PATIENCE: Patience = { forMs: 5000, everyMs: 20 };

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
const LONGEST_STILL_MS = 1000;

export const createEffects = (
  count: (eventId: string) => Promise<number>,
  wall: WallClock,
): Effects => ({
  count,
  settled: async (eventId, least, patience = {}) => {
    const { forMs, everyMs } = { ...PATIENCE, ...patience };
    const since = wall.now();
    const until = since + forMs;
    let last = await count(eventId);
    while (last < least && wall.now() < until) {
      await sleep(wall, everyMs);
      last = await count(eventId);
    }
    const took = last < least ? 0 : wall.now() - since;
    const still = Math.min(Math.max(STILL_MS, 2 * took), LONGEST_STILL_MS);
    for (;;) {
      await sleep(wall, still);
      const again = await count(eventId);
      if (again === last || wall.now() >= until) return again;
      last = again;
    }
  },
});

/** Asks until `fits` or patience ends. @returns the last answer */
export const waitFor = async <T>(
  wall: WallClock,
  ask: () => Promise<T>,
  fits: (answer: T) => boolean,
  patience: Partial<Patience> = {},
): Promise<T> => {
  const { forMs, everyMs } = { ...PATIENCE, ...patience };
  const until = wall.now() + forMs;
  for (;;) {
    const answer = await ask();
    if (fits(answer) || wall.now() >= until) return answer;
    await sleep(wall, everyMs);
  }
};
