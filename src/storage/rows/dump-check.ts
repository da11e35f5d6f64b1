/**
 * Validates the rows of a snapshot, which is untrusted input: every row must be one that a store could have written for
 * this account. Uniqueness and references are checked by the adapter.
 *
 * @module
 */
import { createPace, nextTurn } from '../../domain/event-loop.ts';
import { ROW_NUMBERS } from '../../domain/delivery-id.ts';
import { isList, placedSlicesOf, slicesOf, type Slices } from '../../domain/sliced-list.ts';
import { invalidSnapshot } from '../../domain/snapshot-error.ts';
import { isMoment } from '../../domain/time.ts';
import {
  isEventId,
  isEventType,
  isSecret,
  isSubscriptions,
  isWebhookId,
  isWebhookUrl,
  MAX_ROWS,
} from '../../domain/webhook-rules.ts';
import type { AccountDump } from '../store.ts';
import { isAttemptRecord } from './attempt-record.ts';
import { COLUMNS, DUMP_VERSION, type Kind, type RowOf, type TableName } from './columns.ts';
import { STATUS_CODES, STATUS_NAMES } from './status.ts';

type Row = Readonly<Record<string, unknown>>;

/** Columns that contain the number of an event or a delivery within its account. */
export const NUMBERED: ReadonlySet<string> = new Set([
  'seq',
  'event',
  'delivery',
  'redelivery_of',
  'first_delivery',
]);

const isObject = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parsed = (text: unknown): unknown => {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
};

const checkCount = (value: unknown): string | null =>
  typeof value === 'number' && value >= 0 ? null : 'must not be negative';

const STATUS_LIST = [...STATUS_NAMES]
  .filter(([, name]) => name !== 'in_flight')
  .map(([code, name]) => `${code} (${name})`)
  .join(', ');

const TABLE_LIST = Object.keys(COLUMNS).join(', ');

/** Problem with a value, to follow its place; null if it is valid. */
type Check = (value: unknown, row: Row) => string | null;

/** Rules beyond the type of the column. */
const CHECKS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  webhook: {
    id: (value) => (isWebhookId(value) ? null : 'must be a webhook id, e.g. whk_0123'),
    url: (value) => (isWebhookUrl(value) ? null : 'must be a URL that a webhook accepts'),
    events: (value) =>
      isSubscriptions(parsed(value))
        ? null
        : 'must be a JSON array of event types, or of "*" alone',
    secret: (value) => (isSecret(value) ? null : 'must be a secret that a webhook accepts'),
    status: (value) =>
      value === 'active' || value === 'paused' ? null : 'must be active or paused',
  },
  event: {
    id: (value) => (isEventId(value) ? null : 'must be an event id, e.g. evt_0123'),
    type: (value) => (isEventType(value) ? null : 'must be an event type, e.g. email.sent'),
    deliveries: (value) => checkCount(value),
    body: (value) => (isObject(parsed(value)) ? null : 'must be a JSON object'),
  },
  delivery: {
    attempts_made: (value) => checkCount(value),
    status: (value) =>
      STATUS_NAMES.has(value as number) && value !== STATUS_CODES.in_flight
        ? null
        : `must be the code of a status: ${STATUS_LIST}`,
    due_at: (value, { status }) =>
      (value === null) === (status !== STATUS_CODES.pending)
        ? null
        : 'must be set if the delivery is pending, and null otherwise',
    signature: (value) =>
      value === null || value === 'valid' || value === 'wrong' || value === 'missing'
        ? null
        : 'must be valid, wrong, missing or null',
  },
  command: {
    emitted: (value) => checkCount(value),
    body: (value) => (isObject(parsed(value)) ? null : 'must be a JSON object'),
  },
  progress: { emitted: (value) => checkCount(value) },
  attempt: {
    record: (value) => (isAttemptRecord(parsed(value)) ? null : 'must be a serialised attempt'),
  },
};

const isRowNumber = (value: number): boolean =>
  Number.isInteger(value) && value > 0 && value < ROW_NUMBERS;

const EXPECTED: Readonly<Record<Kind, string>> = {
  number: 'a number',
  string: 'a string',
  'number?': 'a number or null',
  'string?': 'a string or null',
};

const isOfKind = (value: unknown, kind: Kind): boolean =>
  value === null ? kind.endsWith('?') : kind.startsWith(typeof value);

const checkValue = (
  table: TableName,
  column: string,
  kind: Kind,
  row: Row,
  where: string,
): void => {
  const value = row[column];
  if (!isOfKind(value, kind)) throw invalidSnapshot(where, `must be ${EXPECTED[kind]}`);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw invalidSnapshot(where, 'must be a safe integer');
    if (column.endsWith('_at') && !isMoment(value))
      throw invalidSnapshot(where, 'must be a time from 1970 to 9999, in milliseconds');
    if (NUMBERED.has(column) && !isRowNumber(value)) {
      throw invalidSnapshot(where, `is ${value}, but must be 1 to ${ROW_NUMBERS - 1}`);
    }
  }
  const problem = CHECKS[table]?.[column]?.(value, row) ?? null;
  if (problem !== null) throw invalidSnapshot(where, problem);
};

/**
 * Validates a row: it has exactly the columns of its table, with valid values.
 *
 * @param where place for the message, e.g. `tables.event[0]`
 * @returns the same row
 * @throws {SnapshotError} for the first problem
 */
export const checkRow = <Name extends TableName>(
  table: Name,
  row: unknown,
  where: string,
): RowOf<Name> => {
  if (!isObject(row)) throw invalidSnapshot(where, 'must be an object');
  const columns: Readonly<Record<string, Kind>> = COLUMNS[table];
  for (const [column, kind] of Object.entries(columns)) {
    if (!Object.hasOwn(row, column)) throw invalidSnapshot(where, `must have "${column}"`);
    checkValue(table, column, kind, row, `${where}.${column}`);
  }
  const unknown = Object.keys(row).find((column) => !Object.hasOwn(columns, column));
  if (unknown !== undefined)
    throw invalidSnapshot(where, `must not have "${unknown}", which is not a column`);
  return row as RowOf<Name>;
};

/**
 * Validates everything but the rows: version, names of tables, limits.
 *
 * @throws {SnapshotError} for the first problem
 */
export const checkTables = async (dump: {
  readonly version: unknown;
  readonly tables: unknown;
}): Promise<void> => {
  const { version } = dump;
  // Each version only added tables to the one before.
  if (typeof version !== 'number' || !(version >= 1 && version <= DUMP_VERSION)) {
    throw invalidSnapshot(`version ${String(version)}`, `must be 1 to ${DUMP_VERSION}`);
  }
  const { tables } = dump;
  if (!isObject(tables)) throw invalidSnapshot('tables', 'must be an object');
  for (const [name, rows] of Object.entries(tables)) {
    if (!Object.hasOwn(COLUMNS, name))
      throw invalidSnapshot(`tables.${name}`, `is not a table (known tables: ${TABLE_LIST})`);
    if (!isList(rows)) throw invalidSnapshot(`tables.${name}`, 'must be an array of rows');
  }
  await checkCounts(tables);
};

type Tables = Readonly<Partial<Record<TableName, Slices<Row | null>>>>;

const countLive = async (webhooks: Slices<Row | null>): Promise<number> => {
  let live = 0;
  for await (const rows of slicesOf(webhooks)) {
    live += rows.filter((row) => row?.['deleted_at'] === null).length;
  }
  return live;
};

const checkCounts = async ({ webhook = [], answer = [], progress = [] }: Tables): Promise<void> => {
  const live = await countLive(webhook);
  const counts = [
    ['webhook', live, MAX_ROWS.webhooks, 'webhooks that are not deleted'],
    ['webhook', webhook.length, MAX_ROWS.webhooksEver, 'webhooks, including deleted ones'],
    ['answer', answer.length, MAX_ROWS.answers, 'stored responses'],
    ['progress', progress.length, 1, 'rows'],
  ] as const;
  for (const [table, count, max, unit] of counts) {
    if (count > max) {
      throw invalidSnapshot(`tables.${table}`, `has ${count} ${unit}; the limit is ${max}`);
    }
  }
};

const charactersIn = (row: unknown): number => {
  let characters = 0;
  for (const value of Object.values(row as object)) {
    if (typeof value === 'string') characters += value.length;
  }
  return characters;
};

/**
 * Validates every row of every table, in slices.
 *
 * @param dump a snapshot that {@link checkTables} accepted
 * @throws {SnapshotError} for the first problem
 */
export const checkAllRows = async ({ tables }: Pick<AccountDump, 'tables'>): Promise<void> => {
  const isSliceDone = createPace();
  for (const [name, table] of Object.entries(tables)) {
    for await (const { from, items } of placedSlicesOf(table)) {
      for (const [index, row] of items.entries()) {
        checkRow(name as TableName, row, `tables.${name}[${from + index}]`);
        if (isSliceDone(charactersIn(row))) await nextTurn();
      }
    }
  }
};
