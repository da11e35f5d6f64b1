/**
 * The system's date is set forward and back while `serve` runs: time limits follow the monotonic clock, and no time in
 * the sandbox goes back. The date is that of the process only: libfaketime reads the offset from a file.
 *
 * @module
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { apiOf } from '../support/api.ts';
import { freePort, startReceiver } from '../support/receiver.ts';
import { startServeIn } from './serve-process.ts';

const LIBRARY = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));

const folder = mkdtempSync(join(tmpdir(), 'sendemall-clock-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HOUR_MS = 3_600_000;

test.skipIf(LIBRARY === undefined)(
  `steps of the system's date${LIBRARY === undefined ? ': skipped, libfaketime is not installed (apt-get install faketime)' : ''}`,
  async () => {
    const offset = join(folder, 'offset');
    const setOffset = (hours: number): void =>
      writeFileSync(offset, `${hours >= 0 ? '+' : ''}${hours}h\n`);
    setOffset(0);
    let release = (): void => undefined;
    await using receiver = await startReceiver((_request, response) => {
      release = () => response.writeHead(200).end();
    });
    await using sandbox = await startServeIn(
      {
        LD_PRELOAD: LIBRARY!,
        FAKETIME_TIMESTAMP_FILE: offset,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
      await freePort(),
    );
    const api = apiOf(sandbox.url);
    const now = async (): Promise<number> =>
      Date.parse((await api.get<{ now: string }>('/_sandbox/clock')).data.now);
    await api.register(receiver.url);

    const started = await now();
    const whileForward = await api.trigger();
    await receiver.arrived(1);
    setOffset(2);
    await expect.poll(now).toBeGreaterThan(started + HOUR_MS);
    release();
    const first = await api.settled(whileForward);
    expect(first).toMatchObject({ status: 'delivered', attempts: [{ outcome: 'delivered' }] });
    expect(first.attempts[0]!.duration_ms).toBeLessThan(HOUR_MS);

    const ahead = await now();
    const whileBack = await api.trigger();
    await receiver.arrived(2);
    setOffset(-3);
    expect(await now()).toBeGreaterThanOrEqual(ahead);
    release();
    const second = await api.settled(whileBack);
    expect(second).toMatchObject({ status: 'delivered', attempts: [{ outcome: 'delivered' }] });
    expect(second.attempts[0]!.duration_ms).toBeGreaterThanOrEqual(0);
    expect(await now()).toBeGreaterThanOrEqual(ahead);

    const afterwards = await api.trigger();
    await receiver.arrived(3);
    release();
    const third = await api.settled(afterwards);
    expect(third.status).toBe('delivered');
    expect(Date.parse(third.created_at)).toBeGreaterThanOrEqual(Date.parse(second.created_at));
  },
);
