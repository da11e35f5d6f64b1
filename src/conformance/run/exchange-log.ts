/**
 * All exchanges of a run, with bounded memory: equal response bodies share one string, and once the log is full, only the
 * beginning of further bodies is kept.
 *
 * @module
 */
import type { SeenExchange } from './observed.ts';
import type { Exchange } from '../net/exchange.ts';

const MAX_HELD_BYTES = 32 * 1024 * 1024;
const MAX_KEPT_CHARACTERS = 4096;

export interface ExchangeLog {
  readonly all: readonly SeenExchange[];
  add(by: string, inBurst: boolean, exchange: Exchange): void;
}

export const createExchangeLog = (): ExchangeLog => {
  const all: SeenExchange[] = [];
  const bodies = new Map<string, string>();
  let heldBytes = 0;

  const hold = (text: string): string => {
    const known = bodies.get(text);
    if (known !== undefined) return known;
    const isFull = heldBytes > MAX_HELD_BYTES && text.length > MAX_KEPT_CHARACTERS;
    // A copy: a slice would keep the whole text alive.
    const kept = isFull ? Buffer.from(text.slice(0, MAX_KEPT_CHARACTERS)).toString() : text;
    heldBytes += 2 * kept.length;
    bodies.set(kept, kept);
    return kept;
  };

  return {
    all,
    add: (by, inBurst, exchange) => {
      const { request, reply } = exchange;
      const held = reply.kind === 'none' ? reply : { ...reply, body: hold(reply.body) };
      all.push({ by, inBurst, exchange: { request, reply: held } });
    },
  };
};
