/**
 * Blocks: which ranges of rows a filter has to read. A block is {@link ROWS} consecutive keys. For each kind of delivery
 * (a webhook, an event type and a status on disk) the table `delivery_block` counts the deliveries in each block, so that a
 * filter reads only blocks with a match, however few there are among a million rows. An index with an entry for each
 * delivery would do as well, but costs ten times as much: deliveries that are written together are mostly in one block.
 *
 * A change belongs to the transaction that is open: it is written at the commit, and a rollback reverts it.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { WebhookKey } from '../../domain/delivery.ts';
import { rowAccount } from '../../domain/delivery-id.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { SavedStatus } from './tallies.ts';
import type { Partition } from './partitions.ts';

/** Rows of a block. Files depend on it. */
export const ROWS = 64;

/** Deliveries to a webhook of an event type, a code, with a status on disk. */
export interface Kind {
  readonly webhook: WebhookKey;
  readonly type: number;
  readonly status: SavedStatus;
}

/** The kinds of a webhook's deliveries with this status, of every event type. */
export const everyTypeOf = (webhook: WebhookKey, status: SavedStatus): Kind[] =>
  Object.values(EVENT_TYPE_CODES).map((type) => ({ webhook, type, status }));

/** Keys of rows, `from` inclusive and `before` exclusive. */
export interface Range {
  readonly from: number;
  readonly before: number;
}

export interface Blocks {
  /** Notes a new event, in the transaction that is open. */
  addEvent(event: number, type: number): void;
  /** Notes a delivery's row that is inserted, in the transaction that is open. */
  add(delivery: number, kind: Kind): void;
  /** Notes a delivery's row that gets another status, in the transaction that is open. */
  move(delivery: number, kind: Kind, to: SavedStatus): void;
  /** Blocks that contain deliveries of one of these kinds, the newest or the oldest first, cut to `range`. */
  ofDeliveries(kinds: readonly Kind[], range: Range, order: 'newest' | 'oldest'): Iterable<Range>;
  /** Blocks that contain events of this type, newest first, cut to `range`. */
  ofEvents(partition: Partition, type: number, range: Range): Iterable<Range>;
  /** Writes the changes of the transaction that is open. To be called before its commit. */
  write(this: void): void;
  /** Forgets the changes of a transaction that has ended. */
  ended(this: void): void;
}

const blockOf = (key: number): number => Math.floor(key / ROWS);
const STATUSES = 8;
const TYPES = 64;

/** Packs a kind into a number. */
const pack = ({ webhook, type }: Kind, status: SavedStatus): number =>
  (webhook * TYPES + type) * STATUSES + STATUS_CODES[status];

interface Changes {
  add(block: number, kind: number, by: number): void;
  forEach(visit: (block: number, kind: number, by: number) => void): void;
  clear(): void;
}

const createChanges = (): Changes => {
  const byBlock = new Map<number, Map<number, number>>();
  return {
    add: (block, kind, by) => {
      let kinds = byBlock.get(block);
      if (kinds === undefined) byBlock.set(block, (kinds = new Map()));
      kinds.set(kind, (kinds.get(kind) ?? 0) + by);
    },
    forEach: (visit) => {
      for (const [block, kinds] of byBlock) {
        for (const [kind, by] of kinds) if (by !== 0) visit(block, kind, by);
      }
    },
    clear: () => byBlock.clear(),
  };
};

/** Reads up to `count` sorted blocks beyond one. */
type Read = (beyond: number, count: number) => number[];

/** Sorted blocks of one kind, read in chunks. */
interface Run {
  readonly read: Read;
  blocks: number[];
  at: number;
}

/** Blocks to read at once. The first chunk is small, because most kinds contribute little. */
const FIRST_CHUNK = 4;
const MAX_CHUNK = 256;

/** Merges sorted lists of blocks, without repeats. @param sign 1 if they ascend, -1 if they descend */
function* merged(
  lists: readonly Read[],
  beyond: number,
  sign: 1 | -1,
): Generator<number, void, undefined> {
  let size = FIRST_CHUNK;
  let runs: Run[] = lists.map((read) => ({ read, blocks: read(beyond, size), at: 0 }));
  for (;;) {
    runs = runs.filter(({ blocks }) => blocks.length > 0);
    let next: number | null = null;
    for (const { blocks, at } of runs) {
      const block = blocks[at]!;
      if (next === null || (block - next) * sign < 0) next = block;
    }
    if (next === null) return;
    yield next;
    for (const run of runs) {
      if (run.blocks[run.at] !== next) continue;
      run.at += 1;
      if (run.at < run.blocks.length) continue;
      size = Math.min(size * 2, MAX_CHUNK);
      run.blocks = run.read(next, size);
      run.at = 0;
    }
  }
}

/** Cuts blocks to a range, and ends behind it. */
function* cut(
  blocks: Iterable<number>,
  { from, before }: Range,
): Generator<Range, void, undefined> {
  for (const block of blocks) {
    const start = Math.max(block * ROWS, from);
    const end = Math.min((block + 1) * ROWS, before);
    if (start >= end) return;
    yield { from: start, before: end };
  }
}

const createReads = (db: DatabaseSync) => {
  const ofKind = 'SELECT block FROM delivery_block WHERE webhook = ? AND type = ? AND status = ?';
  const descending = db.prepare(`${ofKind} AND block < ? ORDER BY block DESC LIMIT ?`);
  const ascending = db.prepare(`${ofKind} AND block > ? ORDER BY block LIMIT ?`);
  const ofType = db.prepare(
    'SELECT block FROM event_block WHERE account = ? AND type = ? AND block < ? ORDER BY block DESC LIMIT ?',
  );
  for (const statement of [descending, ascending, ofType]) statement.setReturnArrays(true);
  const flat = (rows: unknown): number[] => (rows as [number][]).map(([block]) => block);
  return {
    ofKind:
      ({ webhook, type, status }: Kind, order: 'newest' | 'oldest'): Read =>
      (beyond, count) => {
        const statement = order === 'newest' ? descending : ascending;
        return flat(statement.all(webhook, type, STATUS_CODES[status], beyond, count));
      },
    ofType:
      (partition: Partition, type: number): Read =>
      (beyond, count) =>
        flat(ofType.all(partition, type, beyond, count)),
  };
};

const createWrite = (db: DatabaseSync, events: Changes, deliveries: Changes) => {
  const addEvents = db.prepare(
    'INSERT OR IGNORE INTO event_block (account, type, block) VALUES (?, ?, ?)',
  );
  const add = db.prepare(
    `INSERT INTO delivery_block (webhook, type, status, block, deliveries) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET deliveries = deliveries + excluded.deliveries`,
  );
  const remove = db.prepare(
    `UPDATE delivery_block SET deliveries = deliveries + ?5
     WHERE webhook = ?1 AND type = ?2 AND status = ?3 AND block = ?4 RETURNING deliveries`,
  );
  const removeEmpty = db.prepare(
    'DELETE FROM delivery_block WHERE webhook = ? AND type = ? AND status = ? AND block = ?',
  );
  return (): void => {
    events.forEach((block, type) => addEvents.run(rowAccount(block * ROWS), type, block));
    deliveries.forEach((block, kind, by) => {
      const status = kind % STATUSES;
      const type = Math.floor(kind / STATUSES) % TYPES;
      const webhook = Math.floor(kind / STATUSES / TYPES);
      if (by > 0) add.run(webhook, type, status, block, by);
      else if (remove.get(webhook, type, status, block, by)?.['deliveries'] === 0) {
        removeEmpty.run(webhook, type, status, block);
      }
    });
  };
};

export const createBlocks = (db: DatabaseSync): Blocks => {
  const events = createChanges();
  const deliveries = createChanges();
  const reads = createReads(db);
  return {
    addEvent: (event, type) => events.add(blockOf(event), type, 1),
    add: (delivery, kind) => deliveries.add(blockOf(delivery), pack(kind, kind.status), 1),
    move: (delivery, kind, to) => {
      deliveries.add(blockOf(delivery), pack(kind, kind.status), -1);
      deliveries.add(blockOf(delivery), pack(kind, to), 1);
    },
    ofDeliveries: (kinds, range, order) => {
      const lists = kinds.map((kind) => reads.ofKind(kind, order));
      return order === 'newest'
        ? cut(merged(lists, blockOf(range.before - 1) + 1, -1), range)
        : cut(merged(lists, blockOf(range.from) - 1, 1), range);
    },
    ofEvents: (partition, type, range) =>
      cut(merged([reads.ofType(partition, type)], blockOf(range.before - 1) + 1, -1), range),
    write: createWrite(db, events, deliveries),
    ended: () => {
      events.clear();
      deliveries.clear();
    },
  };
};
