/**
 * Hooks into the receiver: counting effects of an event, reading the state of a lead, failing on purpose, restarting, and
 * recovering dead letters.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';
import { createEffectLatency, type EffectLatency } from './effect-latency.ts';

/**
 * State of one lead in the receiver. Fields that the receiver does not store are omitted; checks that need them are not
 * tested.
 */
export interface LeadState {
  /** Whether the receiver knows this lead. */
  readonly known: boolean;
  /** URL that reported the lead as unknown, for messages. */
  readonly asked?: string | undefined;
  /** Keys of the hook's response, for messages; default: those of this object. */
  readonly keys?: readonly string[] | undefined;
  /** Whether the address is excluded from every campaign. */
  readonly suppressed?: boolean | undefined;
  readonly unsubscribed?: boolean | undefined;
  readonly open_count?: number | undefined;
  /** Sentiment of the latest reply, by the time of the event. */
  readonly sentiment?: string | null | undefined;
  /** Rates of the campaign of the lead's latest event, by name, between 0 and 1: `{"bounce_rate": 0.05}`. */
  readonly rates?: Readonly<Record<string, number | null>> | undefined;
}

/** Location of the dead letters: `GET {apiUrl}/v1/webhooks/{webhookId}/failed-events`. */
export interface DeadLetterSource {
  readonly apiUrl: string;
  /** Value of the header `x-user-context`. */
  readonly apiKey: string;
  readonly webhookId: string;
}

/** A running campaign that the receiver can pause through the provider's API. */
export interface WatchedCampaign extends AsyncDisposable {
  /** The `data.campaign_id` of events. */
  readonly id: string;
  isPaused(): Promise<boolean>;
}

/** The hooks of the user, as callbacks. A callback that throws ends its check with an error. */
export interface Hooks {
  /** How often the event with this id has taken effect so far. */
  readonly effects?: ((eventId: string) => Promise<number>) | undefined;
  readonly state?: ((leadEmail: string) => Promise<LeadState>) | undefined;
  /** Make event processing fail, or work again. */
  readonly fault?: ((failing: boolean) => Promise<void>) | undefined;
  /** Kill the receiver's process and start it again; resolves when the start has begun. */
  readonly restart?: (() => Promise<void>) | undefined;
  /** Run the receiver's dead-letter recovery once against this API; resolves when it has finished. */
  readonly recover?: ((from: DeadLetterSource) => Promise<void>) | undefined;
  /** Start a campaign where the receiver can pause it. */
  readonly campaign?: (() => Promise<WatchedCampaign>) | undefined;
}

/** A sandbox for the dead-letter checks. They advance its clock and delete what they create. */
export interface RunningSandbox extends AsyncDisposable {
  readonly url: string;
  readonly apiKey: string;
}

export type StartSandbox = () => Promise<RunningSandbox>;

/** A hook failed. This is an error of the run, not a failure of the receiver. */
export class HookError extends Error {
  override readonly name = 'HookError';
}

/** Time that the receiver has to start: a JVM or a container takes a while. */
export const BACK_WITHIN_MS = 30_000;

/** Polling: total time, and interval between queries. */
export interface Patience {
  readonly forMs: number;
  readonly everyMs: number;
}

const PATIENCE: Patience = { forMs: 5000, everyMs: 20 };

/** Events that the receiver has accepted and not processed yet. */
export interface Queue {
  /** Record the progress of the receiver, for comparison with a later call. */
  look(): Promise<void>;
  /**
   * Wait while the queue is not empty and makes progress.
   *
   * @param isOver ends the wait early
   * @throws {BehindError} if it takes too long
   */
  outlast(isOver: () => Promise<boolean>): Promise<void>;
}

/** After this wait, a queue is a likely reason. */
const LOOK_AFTER_MS = 500;

/** The effects hook with the waits that asynchronous receivers need. */
export interface Effects {
  /** The current count. */
  count(eventId: string): Promise<number>;
  /**
   * Wait until an event that was accepted just now has an effect, or patience ends. It need not stay the only one.
   *
   * @returns the count
   */
  appears(eventId: string): Promise<number>;
  /**
   * Wait until the count is at least `minimum` (or patience ends), then until it is stable. The longer the first effect
   * took, or those of other events usually take, the longer it must be stable.
   *
   * @returns the count
   */
  settled(eventId: string, minimum: number, patience?: Partial<Patience>): Promise<number>;
}

export const sleep = (wall: WallClock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    wall.after(ms, resolve);
  });

/** A count that does not change for this long is stable, while the latency of effects is unknown. */
const STABLE_MS = 60;
/** If the effects of the run so far were there at once. */
const MIN_STABLE_MS = 20;
const MAX_STABLE_MS = 1000;
/** Of the usual latency. */
const STABLE_FACTOR = 3;
/** Longer latencies are those of a queue, which is waited for anyway. */
const MAX_USUAL_MS = 200;

const stableMs = (latency: EffectLatency, tookMs: number): number => {
  const longest = latency.longestMs();
  const usual = longest === null ? STABLE_MS : STABLE_FACTOR * Math.min(longest, MAX_USUAL_MS);
  return Math.min(Math.max(MIN_STABLE_MS, usual, 2 * tookMs), MAX_STABLE_MS);
};

export interface EffectsOptions {
  /** Accepted events that are not processed yet. */
  readonly queue?: Queue | null;
  /** How long to wait for an effect by default. */
  readonly defaultForMs?: (() => number) | undefined;
  /** Shared by all probes of a run. */
  readonly latency?: EffectLatency;
}

/**
 * Poll until `fits` is true or patience ends, and then as long as the receiver's queue makes progress.
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
  // Evaluate `fits` once per answer, because it may compare with the previous one.
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
  // The state may have changed after the last query.
  if (!isGood) await again();
  return answer;
};

export const createEffects = (
  count: (eventId: string) => Promise<number>,
  wall: WallClock,
  {
    queue = null,
    defaultForMs = () => PATIENCE.forMs,
    latency = createEffectLatency(),
  }: EffectsOptions = {},
): Effects => {
  const reach = (eventId: string, minimum: number, patience: Partial<Patience>): Promise<number> =>
    waitFor(
      wall,
      () => count(eventId),
      (now) => now >= minimum,
      { forMs: defaultForMs(), ...patience, queue },
    );
  return {
    count,
    appears: async (eventId) => {
      const since = wall.now();
      const found = await reach(eventId, 1, {});
      if (found > 0) latency.seen(wall.now() - since);
      return found;
    },
    settled: async (eventId, minimum, patience = {}) => {
      const since = wall.now();
      const { forMs = defaultForMs() } = patience;
      let last = await reach(eventId, minimum, patience);
      const took = last < minimum ? 0 : wall.now() - since;
      // What was there at once may have been there for long.
      if (took >= PATIENCE.everyMs) latency.waited(took);
      const until = Math.max(since + forMs, wall.now());
      const still = stableMs(latency, took);
      for (;;) {
        await sleep(wall, still);
        const again = await count(eventId);
        if (again === last || wall.now() >= until) return again;
        last = again;
      }
    },
  };
};
