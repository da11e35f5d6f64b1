/**
 * A full disk: every request that changes state is rejected with a remedy, and nothing hangs. Once there is space again, work
 * continues, even if the sandbox is killed at that moment.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiOf, type Api } from '../support/api.ts';
import { eventsOf, leads, startCampaign } from '../support/campaign.ts';
import { tablesOf } from '../support/dump.ts';
import { freePort, startReceiver, type Receiver } from '../support/receiver.ts';
import { startServe, startServeIn, type ServeProcess } from './serve-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-full-'));
/** Why no small disk can be mounted; null if one is. */
let reason: string | null = null;
try {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', folder], { stdio: 'pipe' });
} catch (error) {
  reason = `no tmpfs can be mounted here (${(error as Error).message.split('\n')[0]})`;
}

/** On another disk. */
const copies = mkdtempSync(join(tmpdir(), 'sendemall-copies-'));

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver((_, response) => response.writeHead(200).end());
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  if (reason === null) execFileSync('umount', ['-l', folder]);
  for (const made of [folder, copies]) rmSync(made, { recursive: true, force: true });
});

const ballast = join(folder, 'ballast');

/** Fills the disk to the last byte. */
const fill = (): void => {
  for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    }
  }
};

const codeOf = async (request: Promise<{ status: number; error?: { code: string } }>) => {
  const { status, error } = await request;
  return [status, error?.code];
};

/** Makes changes until one fails: small writes may still fit into the existing log. */
const untilFull = async (api: Api): Promise<void> => {
  for (;;) {
    const { status } = await api.send('POST', '/_sandbox/events', {
      event: 'email.sent',
      count: 5,
    });
    if (status === 507) return;
    expect(status).toBe(202);
  }
};

const LEADS = 300;
const args = ['--db', join(folder, 'state.db'), '--clock', 'frozen', '--no-rate-limit'];

const checkRefusals = async (child: ServeProcess, api: Api, campaign: string): Promise<void> => {
  const advance = api.send('POST', '/_sandbox/clock/advance', { until: 'settled' });
  expect(await codeOf(advance)).toEqual([507, 'STORAGE_FULL']);
  const reply = await api.send('PATCH', `/v1/campaigns/${campaign}`, { name: 'x'.repeat(100) });
  expect(await codeOf(Promise.resolve(reply))).toEqual([507, 'STORAGE_FULL']);
  expect(reply.error.message).toContain('Free space on that disk');
  const ready = await fetch(`${child.url}/readyz`);
  expect([ready.status, ((await ready.json()) as { code: string }).code]).toEqual([
    503,
    'STORAGE_FULL',
  ]);
};

test.skipIf(reason !== null)(
  `a full disk refuses with 507, hangs nothing and loses nothing${reason === null ? '' : `: ${reason}`}`,
  { timeout: 240_000 },
  async () => {
    const from = receiver.received.length;
    const port = await freePort();
    const api = apiOf(`http://127.0.0.1:${port}`);
    let campaign = '';
    {
      await using child = await startServe(port, ...args);
      await api.register(receiver.url, { events: ['email.delivered', 'email.bounced'] });
      campaign = await startCampaign(api, leads(LEADS));
      await api.advance({ by: '1h' });
      fill();
      await untilFull(apiOf(child.url, 'filler'));
      await checkRefusals(child, api, campaign);
      await checkRefusals(child, api, campaign);
      rmSync(ballast);
      // There is space again: kill right after the first accepted command.
      const name = 'accepted';
      expect((await api.send('PATCH', `/v1/campaigns/${campaign}`, { name })).status).toBe(200);
      await child.end('SIGKILL');
    }
    await using child = await startServe(port, ...args);
    expect((await api.get('/v1/campaigns')).data).toMatchObject([{ name: 'accepted' }]);
    await api.advance({ until: 'settled' });
    const got = new Set(
      eventsOf(receiver)
        .slice(from)
        .map(({ id }) => id),
    );
    const { data } = await api.get(`/v1/campaigns/${campaign}/analytics`);
    expect(got.size).toBe(data.delivered + data.bounced);
    expect(got.size).toBeGreaterThanOrEqual(LEADS);
    await child.end('SIGTERM');
  },
);

test.skipIf(reason !== null)(
  `on a full disk deliveries can be read, and none is sent whose result could not be kept${reason === null ? '' : `: ${reason}`}`,
  { timeout: 240_000 },
  async () => {
    const COUNT = 300;
    let isOpen = false;
    const held: (() => void)[] = [];
    await using slow = await startReceiver((_received, response) => {
      const end = (): void => void response.writeHead(200).end();
      if (isOpen) end();
      else held.push(end);
    });
    const db = join(folder, 'sending.db');
    const port = await freePort();
    await using child = await startServe(port, '--db', db, '--no-rate-limit');
    const api = apiOf(child.url, 'sender');
    await api.register(slow.url);
    const ask = { event: 'email.sent', count: COUNT };
    expect((await api.send('POST', '/_sandbox/events', ask)).status).toBe(202);
    await slow.arrived(16);
    fill();
    await untilFull(apiOf(child.url, 'filler'));
    // Deliveries in flight without a row are listed, too.
    const flying = await api.get('/_sandbox/deliveries?status=in_flight&limit=100');
    expect(flying.status).toBe(200);
    expect(flying.data.length).toBeGreaterThanOrEqual(16);
    expect((await api.get(`/_sandbox/deliveries/${flying.data[0].id}`)).status).toBe(200);
    isOpen = true;
    for (const end of held) end();
    while (!child.output().includes('Cannot store')) {
      expect((await api.get('/_sandbox/deliveries?limit=1')).status).toBe(200);
    }
    for (let look = 0; look < 20; look += 1) {
      expect((await api.get('/_sandbox/clock')).status).toBe(200);
    }
    // A few attempts were in flight when the first result could not be saved.
    expect(slow.received.length).toBeLessThan(COUNT / 2);
    rmSync(ballast);
    await api.advance({ until: 'settled' });
    const { data } = await api.get('/_sandbox/deliveries?status=delivered&limit=1');
    expect(data).toHaveLength(1);
    const got = new Set(eventsOf(slow).map(({ id }) => id));
    expect(got.size).toBe(COUNT);
    expect((await api.get('/_sandbox/clock')).data).toMatchObject({ pending: 0, in_flight: 0 });
    await child.end('SIGTERM');
  },
);

test.skipIf(reason !== null)(
  `a snapshot that the disk has no space for leaves the account as it was${reason === null ? '' : `: ${reason}`}`,
  { timeout: 240_000 },
  async () => {
    const ROWS = 40_000;
    const port = await freePort();
    const db = join(folder, 'importing.db');
    await using child = await startServe(port, '--db', db, '--no-rate-limit', '--clock', 'frozen');
    const [api, other] = [apiOf(child.url, 'importing'), apiOf(child.url, 'other')];
    const webhook = await api.register('http://127.0.0.1:9/');
    await other.register('http://127.0.0.1:9/');
    const { data } = await api.get('/_sandbox/snapshot');
    const dueLater = Date.parse('2090-01-01T00:00:00Z');
    const snapshot = { ...data, tables: tablesOf(ROWS, 'evt_new', dueLater) };
    // Leave space for the first slices only.
    fill();
    truncateSync(ballast, statSync(ballast).size - 4 * 2 ** 20);
    expect(await codeOf(api.send('PUT', '/_sandbox/snapshot', snapshot))).toEqual([
      507,
      'STORAGE_FULL',
    ]);
    expect((await api.get('/v1/webhooks')).data).toMatchObject([{ id: webhook }]);
    expect((await api.get('/_sandbox/events')).data).toEqual([]);
    expect((await other.get('/v1/webhooks')).data).toHaveLength(1);
    rmSync(ballast);
    expect((await api.send('PUT', '/_sandbox/snapshot', snapshot)).status).toBe(200);
    expect((await api.get('/v1/webhooks')).data).toMatchObject([{ id: 'whk_evt_new' }]);
    expect((await api.get('/_sandbox/clock')).data).toMatchObject({ pending: ROWS });
    // What the refused snapshot had written is deleted in the background.
    const countEvents = (): unknown => {
      // A copy: the sandbox locks its file.
      const copy = join(copies, 'copy.db');
      for (const end of ['', '-wal']) copyFileSync(db + end, copy + end);
      using file = new DatabaseSync(copy);
      return file.prepare('SELECT count(*) AS n FROM event').get()?.['n'];
    };
    await expect.poll(countEvents).toBe(ROWS);
    expect(await child.end('SIGTERM')).toBe(0);
  },
);

test.skipIf(reason !== null)(
  `a snapshot that the temporary folder has no space for is refused, and leaves no file${reason === null ? '' : `: ${reason}`}`,
  { timeout: 240_000 },
  async () => {
    const ROWS = 40_000;
    const spool = join(folder, 'spool');
    mkdirSync(spool);
    const port = await freePort();
    const db = join(copies, 'spooled.db');
    const env = { TMPDIR: spool };
    await using child = await startServeIn(env, port, '--db', db, '--no-rate-limit');
    const api = apiOf(child.url, 'spooled');
    const webhook = await api.register('http://127.0.0.1:9/');
    const { data } = await api.get('/_sandbox/snapshot');
    const dueLater = Date.parse('2090-01-01T00:00:00Z');
    const snapshot = JSON.stringify({ ...data, tables: tablesOf(ROWS, 'evt_new', dueLater) });
    const put = () => api.send('PUT', '/_sandbox/snapshot', snapshot);
    // Leave space for a part of it.
    fill();
    truncateSync(ballast, statSync(ballast).size - 9 * 2 ** 20);
    const freeBytes = (): number => {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    };
    const before = freeBytes();
    expect(snapshot.length).toBeGreaterThan(before);
    const refused = await put();
    expect([refused.status, refused.error.code]).toEqual([507, 'STORAGE_FULL']);
    expect(refused.error.message).toContain(`temporary folder ${spool}`);
    // Node keeps a cache of its own there.
    const left = () => readdirSync(spool).filter((name) => name.startsWith('sendemall'));
    expect([left(), freeBytes()]).toEqual([[], before]);
    expect((await api.get('/v1/webhooks')).data).toMatchObject([{ id: webhook }]);
    rmSync(ballast);
    expect((await put()).status).toBe(200);
    expect((await api.get('/v1/webhooks')).data).toMatchObject([{ id: 'whk_evt_new' }]);
    expect(left()).toEqual([]);
    expect(await child.end('SIGTERM')).toBe(0);
  },
);
