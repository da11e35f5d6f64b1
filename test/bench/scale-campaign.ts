/**
 * How long a campaign of 100,000 leads blocks the event loop: while its leads are added, when it is started, while it is
 * advanced, and while its account is copied by a snapshot.
 *
 * @module
 */
import { apiOf } from '../support/api.ts';
import { createCampaign, leads, sequence } from '../support/campaign.ts';
import type { Stalls } from './stall-app.ts';
import { ask, startChild } from './support.ts';

const LEADS = 100_000;

export interface LongestTurn {
  readonly name: string;
  /** Processor time. */
  readonly ms: number;
}

/** @param file path of a database that does not exist yet */
export const campaignTurns = async (file: string): Promise<LongestTurn[]> => {
  await using child = await startChild('stall-app.ts', { FILE: file });
  const { url } = await ask<Stalls>(child, { stop: true });
  const [api, copy] = [apiOf(url, 'campaign'), apiOf(url, 'copy')];
  await api.send('PUT', '/_sandbox/clock', { mode: 'frozen' });
  const turns: LongestTurn[] = [];
  const measure = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    await ask<Stalls>(child, { stop: false });
    const done = await work();
    turns.push({ name, ms: (await ask<Stalls>(child, { stop: true })).cpuMs });
    return done;
  };
  const ok = async (method: string, path: string, body?: unknown, of = api): Promise<any> => {
    const { status, data, error } = await of.send(method, path, body);
    if (status >= 300) throw new Error(`${path}: ${error.message}`);
    return data;
  };
  const more = { daily_limit: 50_000, sequences: sequence(0, 3) };
  // Loads and compiles.
  await createCampaign(copy, leads(1000), more);
  const id = await measure('adding 100,000 leads', () => createCampaign(api, leads(LEADS), more));
  await measure('starting their campaign', () => ok('POST', `/v1/campaigns/${id}/activate`));
  const snapshot = await measure('GET of a snapshot of 100,000 leads', () =>
    ok('GET', '/_sandbox/snapshot'),
  );
  await measure('PUT of a snapshot of 100,000 leads', () =>
    ok('PUT', '/_sandbox/snapshot', snapshot, copy),
  );
  await measure('advancing 100,000 leads to their end', () => api.advance({ until: 'settled' }));
  await measure('reset of 100,000 leads', () => ok('POST', '/_sandbox/reset'));
  return turns;
};
