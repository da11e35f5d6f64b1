/**
 * Events whose bytes come in pieces.
 *
 * @module
 */
import type { Exchange, HeaderPairs } from '../net/exchange.ts';
import { sleep } from '../hooks/hooks.ts';
import type { Event } from '../probe/event-maker.ts';
import type { PostOptions, Probe } from '../probe/probe.ts';
import { rawHead } from '../net/raw-socket.ts';

export interface Pieces {
  /** "the body in two pieces". */
  readonly manner: string;
  /** Headers that say how long the body is. */
  readonly framing: (body: Buffer) => HeaderPairs;
  /** What is written, with a pause after each piece. */
  readonly cut: (head: Buffer, body: Buffer) => readonly Buffer[];
  /** Milliseconds between pieces. */
  readonly pauseMs: number;
}

export const withLength = (body: Buffer): HeaderPairs => [['Content-Length', String(body.length)]];

/** Turns of the event loop: to accept a connection, and to read from it. */
const TURNS = 5;

/** In its own process a receiver has the time; in the suite's, on a busy machine, it must have its turn as well. */
const letRead = async (): Promise<void> => {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
};

const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);

/** Two chunks in one packet. */
export const CHUNKED: Pieces = {
  manner: 'Transfer-Encoding: chunked, in two chunks, without Content-Length',
  framing: () => [['Transfer-Encoding', 'chunked']],
  cut: (head, body) => {
    const half = Math.floor(body.length / 2);
    const parts = [chunk(body.subarray(0, half)), chunk(body.subarray(half))];
    return [Buffer.concat([head, ...parts, Buffer.from('0\r\n\r\n')])];
  },
  pauseMs: 0,
};

/** Posts a fresh valid event over a connection of its own. */
export const postInPieces = (
  probe: Probe,
  pieces: Pieces,
  event: Event = probe.event(),
): Promise<Exchange> => postTextInPieces(probe, pieces, probe.write(event));

/** @param options such as another signature than the right one */
export const postTextInPieces = async (
  probe: Probe,
  pieces: Pieces,
  text: string,
  options?: PostOptions,
): Promise<Exchange> => {
  const body = Buffer.from(text, 'utf8');
  const headers = probe.headersFor(body, options);
  const head = rawHead('POST', probe.url, [
    ...headers,
    ...pieces.framing(body),
    ['Connection', 'close'],
  ]);
  const connection = await probe.connect();
  try {
    for (const piece of pieces.cut(Buffer.from(head, 'latin1'), body)) {
      await connection.write(piece);
      if (pieces.pauseMs === 0) continue;
      await sleep(probe.wall, pieces.pauseMs);
      await letRead();
    }
    const reply = await connection.reply();
    return probe.keep({ method: 'POST', headers, body, manner: pieces.manner }, reply);
  } finally {
    connection.close();
  }
};
