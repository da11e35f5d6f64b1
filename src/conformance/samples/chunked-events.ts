/**
 * Events whose bytes come in pieces.
 *
 * @module
 */
import type { Exchange, HeaderPairs } from '../net/exchange.ts';
import { sleep } from '../hooks/hooks.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
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

/** Posts a fresh valid event over a connection of its own. */
export const postInPieces = async (
  probe: Probe,
  pieces: Pieces,
  event: Event = probe.event(),
): Promise<Exchange> => {
  const body = Buffer.from(probe.write(event), 'utf8');
  const headers = probe.headersFor(body);
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
