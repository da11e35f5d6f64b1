/**
 * A campaign of 100,000 leads and four e-mails: how fast its events are generated, and how long one advance to its end takes.
 * Sends its figures to the parent.
 *
 * @module
 */
import { createMock } from '../../src/create-mock.ts';
import { serialise } from '../../src/engine/publish.ts';
import { execute, type CommandContext } from '../../src/simulator/campaign/commands.ts';
import { createSimulation } from '../../src/simulator/campaign/simulation.ts';
import { toEvent } from '../../src/simulator/campaign/words.ts';
import { loadZones } from '../../src/simulator/campaign/zone.ts';
import { createFaker } from '../../src/simulator/faker.ts';
import type { CampaignState } from '../../src/simulator/campaign/state.ts';
import { apiOf } from '../support/api.ts';
import { leads, sequence, startCampaign } from '../support/campaign.ts';

const LEADS = 100_000;
const SEED = 7;
const START = '2026-03-06T12:00:00Z';
/** Number of events to serialise again as the baseline. */
const SAMPLE = 100_000;

const settings = {
  daily_limit: 20_000,
  timezone: 'America/New_York',
  schedule: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], start_hour: 8, end_hour: 17 },
  sequences: sequence(0, 3, 4, 7),
} as const;
const asked = {
  ...settings,
  name: 'Large',
  schedule: { ...settings.schedule, days: [...settings.schedule.days] },
};

type Written = Parameters<typeof serialise>[0];

/** Runs the simulator alone, formatting and serialising every event. */
const generate = async (): Promise<{ readonly perSecond: number; readonly ratio: number }> => {
  const bench: CommandContext = {
    seed: SEED,
    zones: await loadZones(),
    simulation: createSimulation(SEED),
  };
  const faker = await createFaker({ seed: SEED, opens: 0 });
  const now = Date.parse(START);
  const create = { do: 'create', settings: asked, profile: 'average' } as const;
  const { id } = execute(bench, create, now) as CampaignState;
  execute(bench, { do: 'add', campaign: id, leads: leads(LEADS) }, now);
  execute(bench, { do: 'activate', campaign: id }, now);
  const sample: Written[] = [];
  let events = 0;
  let characters = 0;
  const began = performance.now();
  for (;;) {
    const event = bench.simulation.next(Infinity);
    if (event === null) break;
    const words = toEvent(faker, SEED, event) as Written;
    characters += serialise(words).length;
    events += 1;
    if (sample.length < SAMPLE) sample.push(words);
  }
  const took = performance.now() - began;
  const bareBegan = performance.now();
  for (const words of sample) characters += serialise(words).length;
  const bare = (performance.now() - bareBegan) / sample.length;
  if (characters === 0) throw new Error('no event was generated');
  return { perSecond: (events / took) * 1000, ratio: took / events / bare };
};

/** Advances over HTTP, without any webhook. */
const advance = async (): Promise<{ readonly ms: number; readonly mb: number }> => {
  await using mock = await createMock({
    clock: 'frozen',
    clockStart: START,
    seed: SEED,
    rateLimit: false,
  });
  const api = apiOf(mock.url);
  await startCampaign(api, leads(LEADS), asked);
  const began = performance.now();
  await api.advance({ until: 'settled' });
  return { ms: performance.now() - began, mb: process.memoryUsage().rss / 1e6 };
};

const { ms, mb } = await advance();
const { perSecond, ratio } = await generate();
process.send?.({ advance_ms: ms, rss_mb: mb, per_second: perSecond, ratio });
