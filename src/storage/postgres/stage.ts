/**
 * Inserts a snapshot's rows into a new part, slice by slice. Rows are numbered within their account, so events and deliveries
 * keep their ids in every account.
 *
 * @module
 */
import type { AccountKey } from '../../domain/delivery.ts';
import { createPace } from '../../domain/event-loop.ts';
import { firstIn, slicesOf } from '../../domain/sliced-list.ts';
import { invalidSnapshot } from '../../domain/snapshot-error.ts';
import type { AccountDump, DumpRow } from '../store.ts';
import { openAttempts, type DumpAttempts } from '../rows/dump-attempts.ts';
import { createNumberMap, type NumberMap } from '../rows/number-map.ts';
import { cancelOrphan } from '../rows/cancel-orphan.ts';
import { STATUS_NAMES } from '../rows/status.ts';
import { noRows, type Tally } from './account-states.ts';
import type { Context } from './context.ts';
import type { Contents } from './parts.ts';
import { isBadData } from '../../postgres/result-codes.ts';
import {
  all,
  numbers,
  statement,
  texts,
  type Session,
  type Statement,
} from '../../postgres/session.ts';
import { writeText } from './text.ts';

/** Type of a column: an integer, text, or bytes. */
type Type = 'bigint' | 'text' | 'bytea';

interface Target {
  readonly name: 'webhook' | 'event' | 'delivery' | 'command' | 'answer';
  readonly columns: readonly (readonly [name: string, type: Type])[];
  readonly insert: Statement;
}

const target = (
  name: Target['name'],
  types: Readonly<Record<string, Type>>,
  returning = '',
): Target => {
  const columns = Object.entries(types);
  const names = columns.map(([column]) => column).join(', ');
  const arrays = columns.map(([, type], index) => `$${index + 2}::${type}[]`).join(', ');
  return {
    name,
    columns,
    insert: statement(
      `INSERT INTO ${name} (part, ${names}) SELECT $1, ${names} FROM unnest(${arrays}) AS r (${names}) ${returning}`,
    ),
  };
};

/** Referenced tables come first. */
const TARGETS: readonly Target[] = [
  target(
    'webhook',
    {
      id: 'text',
      url: 'text',
      events: 'text',
      secret: 'text',
      status: 'text',
      created_at: 'bigint',
      deleted_at: 'bigint',
    },
    'RETURNING id, key',
  ),
  target('event', {
    seq: 'bigint',
    id: 'text',
    type: 'text',
    created_at: 'bigint',
    body: 'text',
    first_delivery: 'bigint',
    deliveries: 'bigint',
  }),
  target('delivery', {
    seq: 'bigint',
    event: 'bigint',
    webhook: 'bigint',
    status: 'bigint',
    attempts_made: 'bigint',
    created_at: 'bigint',
    due_at: 'bigint',
    settled_at: 'bigint',
    acknowledged_at: 'bigint',
    redelivery_of: 'bigint',
    signature: 'text',
    body: 'bytea',
    attempts: 'text',
  }),
  target('command', { number: 'bigint', done_at: 'bigint', emitted: 'bigint', body: 'text' }),
  target('answer', {
    key: 'text',
    request_hash: 'text',
    status: 'bigint',
    body: 'text',
    remembered_at: 'bigint',
  }),
];

/** State of one import. */
interface Staging {
  readonly part: number;
  readonly attempts: DumpAttempts;
  /** Keys of webhooks in the database, by their keys in the snapshot. */
  readonly webhooks: Map<number, number>;
  readonly events: NumberMap;
  readonly deliveries: NumberMap;
  /** Deletion times of webhooks, by their key in the snapshot. */
  readonly deletedAt: Map<number, number>;
  readonly tally: Tally;
}

const refersTo = (table: string, key: unknown, where: string): never => {
  throw invalidSnapshot(
    where,
    `refers to ${table} ${JSON.stringify(key)}, which the snapshot does not contain`,
  );
};

/** Checks a delivery's references, and replaces keys of the snapshot with those of the database. */
const convertDelivery = (staging: Staging, given: DumpRow, where: string): DumpRow => {
  const { events, deliveries, webhooks, tally } = staging;
  const row = cancelOrphan(staging.deletedAt, given);
  const { seq, event, webhook, redelivery_of: of } = row;
  if (!events.has(Number(event))) refersTo('event', event, where);
  const key = webhooks.get(Number(webhook)) ?? refersTo('webhook', webhook, where);
  if (of !== null && !deliveries.has(Number(of))) refersTo('delivery', of, where);
  deliveries.set(Number(seq), 0);
  const status = STATUS_NAMES.get(Number(row['status'])) ?? 'pending';
  if (status !== 'in_flight') tally[status] += 1;
  return { ...row, webhook: key };
};

const convert = (staging: Staging, { name }: Target, row: DumpRow, where: string): DumpRow => {
  if (name === 'delivery') return convertDelivery(staging, row, where);
  if (name === 'event') {
    staging.events.set(Number(row['seq']), 0);
    staging.tally.events += 1;
  } else if (name === 'webhook' && row['deleted_at'] !== null) {
    staging.deletedAt.set(Number(row['key']), Number(row['deleted_at']));
  }
  return row;
};

const literal = (rows: readonly DumpRow[], [column, type]: readonly [string, Type]): string => {
  const values = rows.map((row) => row[column] ?? null);
  if (type === 'bigint') return numbers(values as (number | null)[]);
  const strings = values as (string | null)[];
  return type === 'text'
    ? texts(strings)
    : texts(strings.map((one) => one && `\\x${writeText(one).toString('hex')}`));
};

const insertRows = async (
  session: Session,
  { part, webhooks }: Staging,
  { name, columns, insert }: Target,
  rows: readonly DumpRow[],
): Promise<void> => {
  const values = [part, ...columns.map((column) => literal(rows, column))];
  const inserted = await all<{ id: string; key: number }>(session, insert, values);
  if (name !== 'webhook') return;
  const keys = new Map(inserted.map(({ id, key }) => [id, key]));
  for (const row of rows) webhooks.set(Number(row['key']), keys.get(String(row['id'])) ?? 0);
};

/** Rows of one table that are inserted together. */
interface Slice {
  readonly target: Target;
  /** Index of the first row in its table. */
  readonly from: number;
  readonly rows: readonly DumpRow[];
}

const charactersIn = (row: DumpRow): number =>
  Object.values(row).reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? value.length : 0),
    0,
  );

/** Adds a delivery's attempts to its row. */
const withAttempts = async (attempts: DumpAttempts, row: DumpRow): Promise<DumpRow> => {
  const seq = Number(row['seq']);
  if (!attempts.isReady(seq)) await attempts.load(seq);
  return { ...row, attempts: attempts.take(seq) };
};

/** Rows of each table in slices of their own, which need not be those of the snapshot. */
async function* insertsOf({ tables }: AccountDump, attempts: DumpAttempts): AsyncGenerator<Slice> {
  for (const one of TARGETS) {
    const isSliceDone = createPace();
    let rows: DumpRow[] = [];
    let from = 0;
    for await (const items of slicesOf(tables[one.name] ?? [])) {
      for (const item of items) {
        const row = one.name === 'delivery' ? await withAttempts(attempts, item) : item;
        rows.push(row);
        if (!isSliceDone(charactersIn(row))) continue;
        yield { target: one, from, rows };
        from += rows.length;
        rows = [];
      }
    }
    if (rows.length > 0) yield { target: one, from, rows };
  }
}

/**
 * Inserts all rows of a snapshot.
 *
 * @param part an empty part that is not the account's
 * @param dump a snapshot whose rows have been checked
 * @throws {SnapshotError} if a key occurs twice or a reference leads nowhere
 */
export const stageRows = async (
  { change }: Context,
  account: AccountKey,
  part: number,
  dump: AccountDump,
): Promise<Contents> => {
  const staging: Staging = {
    part,
    attempts: await openAttempts(dump),
    webhooks: new Map(),
    events: createNumberMap(),
    deliveries: createNumberMap(),
    deletedAt: new Map(),
    tally: noRows(),
  };
  const write = (one: Target, rows: readonly DumpRow[]): Promise<void> =>
    change(account, ({ session }) => insertRows(session, staging, one, rows));
  for await (const { target: one, from, rows } of insertsOf(dump, staging.attempts)) {
    const where = (index: number): string => `tables.${one.name}[${from + index}]`;
    const converted = rows.map((row, index) => convert(staging, one, row, where(index)));
    try {
      await write(one, converted);
    } catch (error) {
      if (!isBadData(error)) throw error;
      // Which row it is is found out by writing them one by one.
      for (const [index, row] of converted.entries()) {
        await write(one, [row]).catch((reason: unknown) => {
          if (!isBadData(reason)) throw reason;
          throw invalidSnapshot(where(index), `cannot be stored (${(reason as Error).message})`);
        });
      }
    }
  }
  const progress = (await firstIn(dump.tables['progress'] ?? []))?.['emitted'];
  return {
    nextEvent: staging.events.max() + 1,
    nextDelivery: staging.deliveries.max() + 1,
    emitted: progress === undefined || progress === null ? null : Number(progress),
    tally: staging.tally,
  };
};
