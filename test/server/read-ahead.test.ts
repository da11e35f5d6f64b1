/**
 * The buffer between the serialisation of a snapshot and its client.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock/system.ts';
import { createReadAhead } from '../../src/server/sandbox/read-ahead.ts';

const part = new Uint8Array(10);

test('a failure before the buffer is full is the failure of the request', async () => {
  const ahead = createReadAhead(20, systemClock);
  await ahead.write(part);
  expect(ahead.fail(new Error('disk'))).toBe(false);
  await expect(ahead.ready()).rejects.toThrow('disk');
});

test('a failure once the buffer was full cuts the body', async () => {
  const ahead = createReadAhead(20, systemClock);
  await ahead.write(part);
  const waiting = ahead.write(part);
  expect(await ahead.ready()).toBeNull();
  const reader = ahead.body.getReader();
  await reader.read();
  await waiting;
  expect(ahead.fail(new Error('disk'))).toBe(true);
  await expect(reader.read()).rejects.toThrow('disk');
  await expect(ahead.write(part)).rejects.toThrow('disk');
});

test('a client that reads nothing while the buffer is full is given up', async () => {
  let armed: { readonly ms: number; readonly wake: () => void } | null = null;
  const after = (ms: number, wake: () => void) => {
    armed = { ms, wake };
    return () => undefined;
  };
  const ahead = createReadAhead(10, { ...systemClock, after });
  const waiting = ahead.write(part);
  expect(await ahead.ready()).toBeNull();
  expect(armed).toMatchObject({ ms: 30_000 });
  armed!.wake();
  await expect(waiting).rejects.toThrow('has read nothing for 30000 ms');
});

test('what fits into the buffer has a known length and waits for no client', async () => {
  const ahead = createReadAhead(30, systemClock);
  await ahead.write(part);
  await ahead.write(part);
  ahead.end();
  expect(await ahead.ready()).toBe(20);
  expect(await new Response(ahead.body).bytes()).toHaveLength(20);
});
