/**
 * Runs a scenario to its end.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CampaignAnalytics } from '../../../schemas/control.ts';
import type {
  AccountEvent,
  Clock,
  ScenarioName,
  StartScenarioRequest,
  StartedScenario,
} from '../../../schemas/sandbox.ts';
import type { Client } from '../../client/create-client.ts';
import type { Terminal } from '../terminal.ts';

/** Interval at which a running clock is polled. Real milliseconds. */
const POLL_INTERVAL_MS = 50;

export interface Tally {
  delivered: number;
  failed_attempts: number;
  dead: number;
}

export interface Outcome {
  readonly scenario: ScenarioName;
  readonly leads: number;
  readonly campaign: StartedScenario['campaign'];
  readonly analytics: CampaignAnalytics;
  /** Deliveries by event type. */
  readonly events: Readonly<Record<string, Tally>>;
  readonly delivered: number;
  readonly dead: number;
  /** Start and end on the account's clock. */
  readonly from: string;
  readonly to: string;
}

/**
 * Count attempts by event type until the stream is aborted.
 *
 * @param onClock called with each clock of the stream, behind all attempts that were made before it
 */
const tallyAttempts = async (
  stream: AsyncIterable<AccountEvent>,
  terminal: Terminal,
  onClock: (clock: Clock) => void,
): Promise<Record<string, Tally>> => {
  const events: Record<string, Tally> = {};
  let attempts = 0;
  try {
    for await (const change of stream) {
      if (change.type === 'clock.changed') onClock(change.clock);
      if (change.type !== 'delivery.attempted') continue;
      const { event, status } = change;
      const tally = (events[event] ??= { delivered: 0, failed_attempts: 0, dead: 0 });
      if (status === 'delivered') tally.delivered += 1;
      else tally.failed_attempts += 1;
      if (status === 'dead') tally.dead += 1;
      attempts += 1;
      terminal.status(`${attempts} attempts, last at ${change.attempt.started_at}`);
    }
  } catch (error) {
    // An abort is the regular end.
    if ((error as Error).name !== 'AbortError') throw error;
  }
  terminal.status(null);
  return events;
};

const isSettled = (clock: Clock): boolean => clock.next_due_at === null && clock.in_flight === 0;

/**
 * Advance a stopped clock, or wait for a running one, until nothing is due. An advance ends with a clock on the stream, even
 * where there is nothing left to do.
 *
 * @returns the time on the clock
 */
const settle = async (client: Client, signal: AbortSignal): Promise<string> => {
  const { mode } = await client.clock.get({ signal });
  while (mode === 'scaled' && !isSettled(await client.clock.get({ signal }))) {
    await sleep(POLL_INTERVAL_MS, undefined, { signal });
  }
  return (await client.clock.advance({ until: 'settled' }, { signal })).to;
};

/** Waits for the clock with which an advance ends: the stream may be behind the response to it. */
const createCatchUp = () => {
  let latest: Clock | null = null;
  let look = (): void => undefined;
  return {
    onClock: (clock: Clock): void => {
      latest = clock;
      look();
    },
    /** Resolves once the stream has reached the end of an advance to `time`. */
    until: (time: string): Promise<void> =>
      new Promise((resolve) => {
        look = () => {
          if (latest !== null && isSettled(latest) && latest.now >= time) resolve();
        };
        look();
      }),
  };
};

/** @throws {ApiError} if the sandbox is unreachable or rejects a request */
export const runScenario = async (
  client: Client,
  request: StartScenarioRequest,
  terminal: Terminal,
): Promise<Outcome> => {
  const { signal } = terminal;
  const ended = new AbortController();
  const catchUp = createCatchUp();
  const counting = tallyAttempts(
    await client.stream({ signal: AbortSignal.any([signal, ended.signal]) }),
    terminal,
    catchUp.onClock,
  );
  // Awaited below. Until then, a rejection must not count as unhandled.
  counting.catch(() => undefined);
  try {
    const { now: from } = await client.clock.get({ signal });
    const { scenario, leads, campaign } = await client.scenarios.start(request, { signal });
    const to = await settle(client, signal);
    const [now, analytics] = await Promise.all([
      client.campaigns.get(campaign.id, { signal }),
      client.campaigns.analytics(campaign.id, { signal }),
    ]);
    // A stream that ends early has nothing more to say.
    await Promise.race([catchUp.until(to), counting]);
    ended.abort();
    const events = await counting;
    const tallies = Object.values(events);
    return {
      scenario,
      leads,
      campaign: now,
      analytics,
      events,
      delivered: tallies.reduce((sum, { delivered }) => sum + delivered, 0),
      dead: tallies.reduce((sum, { dead }) => sum + dead, 0),
      from,
      to,
    };
  } finally {
    ended.abort();
  }
};
