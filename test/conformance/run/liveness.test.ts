/**
 * Whether a receiver still lives, and what is remembered of it when it does not.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { createLiveness } from '../../../src/conformance/run/liveness.ts';
import { answer, exchange } from '../fixtures.ts';
import { right, scripted, type Script } from '../scripted-receiver.ts';

const LAST = exchange(answer(500));

const vitalityOf = async (script: Script, signal?: AbortSignal) => {
  const receiver = await scripted(script, signal === undefined ? {} : { signal });
  return { receiver, liveness: createLiveness(receiver.probe, receiver.wall) };
};

describe('a control', () => {
  test('is a fresh valid event; when it is accepted, nothing is remembered', async () => {
    const { receiver, liveness } = await vitalityOf(right);
    await using _ = receiver;
    expect(await liveness.control('http/a', LAST)).toBe(true);
    expect(await liveness.control('http/b', LAST)).toBe(true);
    expect(liveness).toMatchObject({ controls: 2, crashes: [], lostControls: [] });
    expect(receiver.heard.map(({ isSigned }) => isSigned)).toEqual([true, true]);
    expect(receiver.heard[0]!.id).not.toBe(receiver.heard[1]!.id);
  });

  test('that is refused is lost, and the receiver lives', async () => {
    const { receiver, liveness } = await vitalityOf(() => 500);
    await using _ = receiver;
    expect(await liveness.control('http/a', LAST)).toBe(true);
    expect(liveness.crashes).toEqual([]);
    expect(liveness.lostControls).toEqual([
      { after: 'http/a', control: receiver.probe.exchanges[0] },
    ]);
    expect(receiver.heard).toHaveLength(1);
  });

  test('to a receiver that does not restart is followed by five seconds of retries', async () => {
    const { receiver, liveness } = await vitalityOf(() => 'cut');
    await using _ = receiver;
    expect(await liveness.control('http/a', LAST)).toBe(false);
    expect(liveness.crashes).toEqual([
      {
        by: 'http/a',
        exchange: LAST,
        sender: 'anyone',
        recoveredAfterMs: null,
        answersUnsigned: false,
      },
    ]);
    expect(liveness.lostControls).toEqual([]);
    expect(receiver.wall.now()).toBe(5000);
    expect(receiver.probe.exchanges).toHaveLength(1 + 50 + 1);
  });

  test('to one that answers everything but valid events says that it lives', async () => {
    const { receiver, liveness } = await vitalityOf(({ isSigned }) => (isSigned ? 'cut' : 401));
    await using _ = receiver;
    expect(await liveness.control('http/a', LAST)).toBe(false);
    expect(liveness.crashes).toMatchObject([{ recoveredAfterMs: null, answersUnsigned: true }]);
  });

  test('after an intended restart, no crash is reported', async () => {
    const { receiver, liveness } = await vitalityOf(() =>
      receiver.wall.now() < 300 ? 'cut' : 401,
    );
    await using _ = receiver;
    expect(await liveness.isBack()).toBe(true);
    expect(receiver.wall.now()).toBe(300);
    expect(liveness).toMatchObject({ crashes: [], lostControls: [], controls: 0 });
  });

  test('who does not come back after a restart is not back', async () => {
    const { receiver, liveness } = await vitalityOf(() => 'cut');
    await using _ = receiver;
    expect(await liveness.isBack()).toBe(false);
    expect(liveness).toMatchObject({ crashes: [] });
  });

  test('to one that comes back tells when', async () => {
    const { receiver, liveness } = await vitalityOf(() =>
      receiver.wall.now() < 300 ? 'cut' : 500,
    );
    await using _ = receiver;
    expect(await liveness.control('http/a', null)).toBe(true);
    expect(liveness.crashes).toEqual([
      { by: 'http/a', exchange: null, recoveredAfterMs: 300, answersUnsigned: false },
    ]);
  });

  test('to one that was down meanwhile and is back says that it died', async () => {
    const { receiver, liveness } = await vitalityOf((_heard, nth) => (nth === 0 ? 204 : 500));
    await using _ = receiver;
    const death = { exchange: LAST, sender: 'anyone', recoveredAfterMs: 0, answersUnsigned: false };
    expect(await liveness.control('http/a', LAST, { wasDown: true })).toBe(true);
    expect(liveness).toMatchObject({ crashes: [{ by: 'http/a', ...death }], lostControls: [] });
    expect(await liveness.control('http/b', LAST, { wasDown: true })).toBe(true);
    expect(liveness.crashes[1]).toEqual({ by: 'http/b', ...death });
    expect(liveness.lostControls).toHaveLength(1);
  });

  test('to one that is still down is one death', async () => {
    const { receiver, liveness } = await vitalityOf(() =>
      receiver.wall.now() < 300 ? 'cut' : 500,
    );
    await using _ = receiver;
    await liveness.control('http/a', LAST, { wasDown: true });
    expect(liveness.crashes).toMatchObject([{ recoveredAfterMs: 300 }]);
  });

  test('to a port without a listener is a refused connection', async () => {
    const { receiver, liveness } = await vitalityOf(right);
    await receiver[Symbol.asyncDispose]();
    expect(await liveness.control('http/a', LAST)).toBe(false);
    expect(liveness.crashes).toHaveLength(1);
  });

  test('that is broken off by the user says nothing of the receiver', async () => {
    const { receiver, liveness } = await vitalityOf(() => 'cut', AbortSignal.abort());
    await using _ = receiver;
    expect(await liveness.control('http/a', LAST)).toBe(true);
    expect(liveness).toMatchObject({ crashes: [], lostControls: [], controls: 1 });
  });

  test('stops trying, and says nothing of the receiver, when the user breaks off meanwhile', async () => {
    const user = new AbortController();
    const { receiver, liveness } = await vitalityOf((_, nth) => {
      if (nth > 2) user.abort();
      return 'cut';
    }, user.signal);
    await using _ = receiver;
    expect(await liveness.control('http/a', LAST)).toBe(true);
    expect(liveness.crashes).toEqual([]);
    expect(receiver.wall.now()).toBeLessThan(1000);
  });
});
