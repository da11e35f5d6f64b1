/**
 * The system's date is set forward and back while `serve` runs: time limits follow the monotonic clock, and no time in
 * the sandbox goes back. The date is that of the process only: libfaketime reads the offset from a file.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { apiOf } from '../support/api.ts';
import { noFaketime, shiftedDate } from '../support/faketime.ts';
import { freePort, startReceiver } from '../support/receiver.ts';
import { startServeIn } from './serve-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-clock-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HOUR_MS = 3_600_000;

test.skipIf(noFaketime !== null)(
  `steps of the system's date${noFaketime === null ? '' : `: skipped, ${noFaketime}`}`,
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
      shiftedDate({ FAKETIME_TIMESTAMP_FILE: offset }),
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
