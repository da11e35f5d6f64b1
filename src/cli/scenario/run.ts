/**
 * Runs one scenario to its end.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CampaignAnalytics } from '../../../schemas/control.ts';
import type {
  AccountEvent,
  StartScenarioRequest,
  StartedScenario,
} from '../../../schemas/sandbox.ts';
import type { Client } from '../../client/create-client.ts';
import type { Terminal } from '../terminal.ts';

/** How often a clock that runs by itself is looked at. Real milliseconds. */
const LOOK_EVERY_MS = 50;

export interface Tally {
  delivered: number;
  failed_attempts: number;
  dead: number;
}

export interface Outcome {
  readonly scenario: string;
  readonly leads: number;
  readonly campaign: StartedScenario['campaign'];
  readonly analytics: CampaignAnalytics;
  /** Deliveries by event. */
  readonly events: Readonly<Record<string, Tally>>;
  readonly delivered: number;
  readonly dead: number;
  /** On the account's clock. */
  readonly from: string;
  readonly to: string;
}

/** Counts what the account's stream tells until it is stopped. */
const count = async (
  stream: AsyncIterable<AccountEvent>,
  terminal: Terminal,
): Promise<Record<string, Tally>> => {
  const events: Record<string, Tally> = {};
  let attempts = 0;
  try {
    for await (const change of stream) {
      if (change.type !== 'delivery.attempted') continue;
      const { event, status } = change;
      const tally = (events[event] ??= { delivered: 0, failed_attempts: 0, dead: 0 });
      if (status === 'delivered') tally.delivered += 1;
      else tally.failed_attempts += 1;
      if (status === 'dead') tally.dead += 1;
      attempts += 1;
      terminal.status(`${attempts} attempts, the last at ${change.attempt.started_at}`);
    }
  } catch (error) {
    // Stopped: that is how it ends.
    if ((error as Error).name !== 'AbortError') throw error;
  }
  terminal.status(null);
  return events;
};

/** Moves a clock that stands, or waits for one that runs, until nothing is to come. */
const settle = async (client: Client, signal: AbortSignal): Promise<string> => {
  const { mode } = await client.clock.get({ signal });
  if (mode !== 'scaled') return (await client.clock.advance({ until: 'settled' }, { signal })).to;
  for (;;) {
    const clock = await client.clock.get({ signal });
    if (clock.next_due_at === null && clock.in_flight === 0) return clock.now;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
};

/** @throws {ApiError} when the sandbox does not answer, or refuses */
export const runScenario = async (
  client: Client,
  request: StartScenarioRequest,
  terminal: Terminal,
): Promise<Outcome> => {
  const { signal } = terminal;
  const ended = new AbortController();
  const counting = count(
    await client.stream({ signal: AbortSignal.any([signal, ended.signal]) }),
    terminal,
  );
  // Looked at below; a failure before that must not count as one that nobody looks at.
  counting.catch(() => undefined);
  try {
    const { now: from } = await client.clock.get({ signal });
    const { scenario, leads, campaign } = await client.scenarios.start(request, { signal });
    const to = await settle(client, signal);
    const [now, analytics] = await Promise.all([
      client.campaigns.get(campaign.id, { signal }),
      client.campaigns.analytics(campaign.id, { signal }),
    ]);
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
