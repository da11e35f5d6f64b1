/**
 * Kinds of deliveries: combinations of webhook, event type and status on disk. The index `delivery_kind` contains the
 * deliveries of a kind in the order of their keys, so that a filter finds its matches without reading other rows, however
 * few they are: it reads the kinds that fit, and merges them.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { WebhookKey } from '../../domain/delivery.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { SavedStatus } from './tallies.ts';

export interface Kind {
  readonly webhook: WebhookKey;
  readonly type: number;
  readonly status: SavedStatus;
}

/** The kinds of a webhook's deliveries with this status, of every event type. */
export const everyTypeOf = (webhook: WebhookKey, status: SavedStatus): Kind[] =>
  Object.values(EVENT_TYPE_CODES).map((type) => ({ webhook, type, status }));

export interface Kinds {
  /**
   * Keys of the newest deliveries, newest first.
   *
   * @param from inclusive
   * @param before exclusive
   * @param isMatch further condition; each delivery that does not meet it costs a row
   */
  newest(
    kinds: readonly Kind[],
    range: { readonly from: number; readonly before: number },
    limit: number,
    isMatch?: (key: number, kind: Kind) => boolean,
  ): number[];
  /** Keys of the oldest deliveries after `after`, oldest first. */
  oldest(kinds: readonly Kind[], after: number, limit: number): number[];
}

/** Sorted keys of one kind, read in chunks. */
interface Run {
  keys: number[];
  at: number;
  isComplete: boolean;
}

type ReadChunk = (kind: Kind, beyond: number, count: number) => number[];

/** Keys of one kind to read at once. The first chunk of each kind is small, because most kinds contribute little. */
const FIRST_CHUNK = 4;
const MAX_CHUNK = 256;

/** Merges kinds. @param direction 1 for ascending, -1 for descending keys */
function* merged(
  kinds: readonly Kind[],
  start: number,
  direction: 1 | -1,
  read: ReadChunk,
): Generator<[key: number, kind: Kind], void, undefined> {
  let size = FIRST_CHUNK;
  const fill = (kind: Kind, beyond: number): Run => {
    const keys = read(kind, beyond, size);
    return { keys, at: 0, isComplete: keys.length < size };
  };
  let runs = kinds.map((kind) => ({ kind, run: fill(kind, start) }));
  for (;;) {
    runs = runs.filter(({ run }) => run.at < run.keys.length);
    let next = runs[0];
    if (next === undefined) return;
    // Until one of the runs ends, which it is then read again or dropped.
    for (let isEnd = false; !isEnd;) {
      for (const one of runs) {
        if ((one.run.keys[one.run.at]! - next.run.keys[next.run.at]!) * direction < 0) next = one;
      }
      const { kind, run } = next;
      const key = run.keys[run.at]!;
      yield [key, kind];
      run.at += 1;
      isEnd = run.at === run.keys.length;
      if (!isEnd || run.isComplete) continue;
      size = Math.min(size * 2, MAX_CHUNK);
      next.run = fill(kind, key);
      isEnd = next.run.keys.length === 0;
    }
  }
}

export const createKinds = (db: DatabaseSync): Kinds => {
  const OF_KIND = 'SELECT seq FROM delivery INDEXED BY delivery_kind WHERE webhook = ? AND type = ? AND status = ?';
  const descending = db.prepare(`${OF_KIND} AND seq < ? AND seq >= ? ORDER BY seq DESC LIMIT ?`);
  const ascending = db.prepare(`${OF_KIND} AND seq > ? ORDER BY seq LIMIT ?`);
  for (const statement of [descending, ascending]) statement.setReturnArrays(true);
  const flat = (rows: unknown): number[] => (rows as [number][]).map(([seq]) => seq);
  return {
    newest: (kinds, { from, before }, limit, isMatch = () => true) => {
      const found: number[] = [];
      const read: ReadChunk = ({ webhook, type, status }, beyond, count) =>
        flat(descending.all(webhook, type, STATUS_CODES[status], beyond, from, count));
      for (const [key, kind] of merged(kinds, before, -1, read)) {
        if (!isMatch(key, kind)) continue;
        found.push(key);
        if (found.length >= limit) break;
      }
      return found;
    },
    oldest: (kinds, after, limit) => {
      const found: number[] = [];
      const read: ReadChunk = ({ webhook, type, status }, beyond, count) =>
        flat(ascending.all(webhook, type, STATUS_CODES[status], beyond, count));
      for (const [key] of merged(kinds, after, 1, read)) {
        found.push(key);
        if (found.length >= limit) break;
      }
      return found;
    },
  };
};
