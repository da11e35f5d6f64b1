/**
 * Commands of campaigns side by side with resets and restores: each is done before or after them, and the account stays
 * readable.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock } from '../../src/create-mock.ts';
import type { MockOptions } from '../../src/mock-options.ts';
import { apiOf, type Api } from '../support/api.ts';
import { leads, settings, startCampaign } from '../support/campaign.ts';
import { startReceiver } from '../support/receiver.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendemall-campaigns-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Creates, fills, starts, pauses and resumes campaigns. @returns the statuses of all answers */
const steer = async (api: Api, rounds: number): Promise<number[]> => {
  const statuses: number[] = [];
  const send = async (path: string, body?: unknown): Promise<string> => {
    const { status, data } = await api.send('POST', path, body);
    statuses.push(status);
    return data?.id ?? 'none';
  };
  for (let round = 0; round < rounds; round += 1) {
    const path = `/v1/campaigns/${await send('/v1/campaigns', settings())}`;
    await send(`${path}/leads`, { leads: leads(3) });
    for (const verb of ['activate', 'pause', 'resume']) await send(`${path}/${verb}`);
  }
  return statuses;
};

test.each([
  ['reset', 'memory'],
  ['reset', 'a file'],
  ['restore', 'memory'],
  ['restore', 'a file'],
])(
  'campaigns that are changed during a %s leave the account readable (state in %s)',
  { timeout: 60_000 },
  async (how, where) => {
    await using receiver = await startReceiver();
    const db = where === 'memory' ? null : join(folder, `${how}.db`);
    const options: MockOptions = { db, clock: 'frozen', rateLimit: false };
    let mock = await createMock(options);
    try {
      let api = apiOf(mock.url);
      await api.register(receiver.url);
      await startCampaign(api, leads(3));
      const { data: snapshot } = await api.get('/_sandbox/snapshot');
      const replace = async (): Promise<number[]> => {
        const statuses: number[] = [];
        for (let round = 0; round < 8; round += 1) {
          const { status } =
            how === 'reset'
              ? await api.send('POST', '/_sandbox/reset')
              : await api.send('PUT', '/_sandbox/snapshot', snapshot);
          statuses.push(status);
          await api.advance({ by: '1m' });
        }
        return statuses;
      };
      const [replaced, ...steered] = await Promise.all([
        replace(),
        ...Array.from({ length: 3 }, () => steer(api, 6)),
      ]);
      expect(new Set(replaced)).toEqual(new Set([200]));
      // 404: the campaign went with a reset or restore. 409: another one has its id since then, in another state.
      expect(steered.flat().filter((status) => ![200, 201, 404, 409].includes(status))).toEqual([]);
      const before = (await api.get('/v1/campaigns')).data;
      if (db !== null) {
        await mock.close(0);
        mock = await createMock(options);
        api = apiOf(mock.url);
        expect((await api.get('/v1/campaigns')).data).toEqual(before);
      }
      await api.register(receiver.url);
      const id = await startCampaign(api, leads(2));
      await api.advance({ until: 'settled' });
      expect((await api.get(`/v1/campaigns/${id}`)).data).toMatchObject({ status: 'completed' });
    } finally {
      await mock.close(0);
    }
  },
);
