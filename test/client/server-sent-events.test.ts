/**
 * The reader of event streams, against every way that the bytes can be cut.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { collect } from './collect.ts';
import { readServerSentEvents } from '../../src/client/server-sent-events.ts';

const streamOf = (chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

const read = (...chunks: readonly Uint8Array[]) => collect(readServerSentEvents(streamOf(chunks)));

const TEXT = [
  ': heartbeat',
  '',
  'event: delivery.attempted',
  'id: 1',
  'data: {"name":"Zoë 🎉"}',
  '',
  'data:no space',
  'data: two lines',
  'retry: 10',
  '',
  'id: 3',
  'event: nothing',
  '',
  'data',
  '',
  'data: unfinished',
].join('\n');

const EVENTS = [
  { type: 'delivery.attempted', data: '{"name":"Zoë 🎉"}' },
  { type: 'message', data: 'no space\ntwo lines' },
  { type: 'message', data: '' },
];

test.each(['\n', '\r\n', '\r'])('line ends %j', async (end) => {
  expect(await read(Buffer.from(TEXT.replaceAll('\n', end)))).toEqual(EVENTS);
});

test('cut after every byte', async () => {
  const bytes = Buffer.from(TEXT.replaceAll('\n', '\r\n'));
  expect(await read(...[...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(EVENTS);
});

test('leaving the loop cancels the stream', async () => {
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(Buffer.from('data: x\n\n')),
    cancel: () => {
      cancelled = true;
    },
  });
  for await (const { data } of readServerSentEvents(endless)) {
    expect(data).toBe('x');
    break;
  }
  expect(cancelled).toBe(true);
});
