/**
 * Whether a snapshot's rows are such as a store could have written: nothing unreadable and nothing of another account
 * gets in. Unique keys are for the store to see to.
 *
 * @module
 */
import { createPace, nextTurn } from '../../domain/event-loop.ts';
import { ROW_NUMBERS } from '../../domain/delivery-id.ts';
import { snapshotMisfit as misfit } from '../../domain/snapshot-error.ts';
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
import { NAMES, STATUS } from './status.ts';

type Row = Readonly<Record<string, unknown>>;

/** Columns that hold the number of an event or a delivery within its account. */
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

const isCount = (value: unknown): string | null =>
  typeof value === 'number' && value >= 0 ? null : 'is no count';

/** What is wrong with a value, by table and column; null when nothing is. */
type Check = (value: unknown, row: Row) => string | null;

const CHECKS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  webhook: {
    id: (value) => (isWebhookId(value) ? null : "is no webhook's id"),
    url: (value) => (isWebhookUrl(value) ? null : 'is no URL that a webhook may have'),
    events: (value) =>
      isSubscriptions(parsed(value)) ? null : 'is no JSON list of events that a webhook may have',
    secret: (value) => (isSecret(value) ? null : 'is no secret that a webhook may have'),
    status: (value) => (value === 'active' || value === 'paused' ? null : 'is no status'),
  },
  event: {
    id: (value) => (isEventId(value) ? null : "is no event's id"),
    type: (value) => (isEventType(value) ? null : 'is no type of event'),
    deliveries: (value) => isCount(value),
    body: (value) => (isObject(parsed(value)) ? null : 'is no JSON object'),
  },
  delivery: {
    attempts_made: (value) => isCount(value),
    status: (value) =>
      NAMES.has(value as number) && value !== STATUS.in_flight ? null : 'is no status',
    due_at: (value, { status }) =>
      (value === null) === (status !== STATUS.pending)
        ? null
        : 'must be set while the delivery is pending, and null when it is not',
    signature: (value) =>
      value === null || value === 'valid' || value === 'wrong' || value === 'missing'
        ? null
        : 'is no way to sign',
  },
  command: {
    emitted: (value) => isCount(value),
    body: (value) => (isObject(parsed(value)) ? null : 'is no JSON object'),
  },
  progress: { emitted: (value) => isCount(value) },
  attempt: {
    record: (value) => (isAttemptRecord(parsed(value)) ? null : 'is no attempt'),
  },
};

const isRowNumber = (value: number): boolean =>
  Number.isInteger(value) && value > 0 && value < ROW_NUMBERS;

const WANTED: Readonly<Record<Kind, string>> = {
  number: 'a number',
  string: 'a text',
  'number?': 'a number or null',
  'string?': 'a text or null',
};

const fitsKind = (value: unknown, kind: Kind): boolean =>
  value === null ? kind.endsWith('?') : kind.startsWith(typeof value);

const checkValue = (
  table: TableName,
  column: string,
  kind: Kind,
  row: Row,
  where: string,
): void => {
  const value = row[column];
  if (!fitsKind(value, kind)) throw misfit(where, `is not ${WANTED[kind]}`);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw misfit(where, 'is no whole number that can be kept');
    if (column.endsWith('_at') && !isMoment(value))
      throw misfit(where, 'is no time that can be shown');
    if (NUMBERED.has(column) && !isRowNumber(value)) {
      throw misfit(where, `is ${value}: rows are numbered from 1 to ${ROW_NUMBERS - 1}`);
    }
  }
  const wrong = CHECKS[table]?.[column]?.(value, row) ?? null;
  if (wrong !== null) throw misfit(where, wrong);
};

/**
 * @param where e.g. `tables.event[0]`
 * @returns the row, which has its table's columns, no more and no less
 * @throws {SnapshotError}
 */
export const checkRow = <Name extends TableName>(
  table: Name,
  row: unknown,
  where: string,
): RowOf<Name> => {
  if (!isObject(row)) throw misfit(where, 'is no object');
  const columns: Readonly<Record<string, Kind>> = COLUMNS[table];
  for (const [column, kind] of Object.entries(columns)) {
    if (!Object.hasOwn(row, column)) throw misfit(where, `has no "${column}"`);
    checkValue(table, column, kind, row, `${where}.${column}`);
  }
  const strange = Object.keys(row).find((column) => !Object.hasOwn(columns, column));
  if (strange !== undefined) throw misfit(where, `has "${strange}", which is no column`);
  return row as RowOf<Name>;
};

/** @throws {SnapshotError} */
export const checkTables = (dump: {
  readonly version: unknown;
  readonly tables: unknown;
}): void => {
  const { version } = dump;
  // Each version only added tables to the one before.
  if (typeof version !== 'number' || !(version >= 1 && version <= DUMP_VERSION)) {
    throw misfit(
      `version ${String(version)}`,
      `is not among 1 to ${DUMP_VERSION}, which this sandbox reads`,
    );
  }
  const { tables } = dump;
  if (!isObject(tables)) throw misfit('tables', 'is no object');
  for (const [name, rows] of Object.entries(tables)) {
    if (!Object.hasOwn(COLUMNS, name)) throw misfit(`tables.${name}`, 'is no table');
    if (!Array.isArray(rows)) throw misfit(`tables.${name}`, 'is no list of rows');
  }
  checkCounts(tables);
};

type Tables = Readonly<Partial<Record<TableName, readonly (Row | null)[]>>>;

const checkCounts = ({ webhook = [], answer = [], progress = [] }: Tables): void => {
  const live = webhook.filter((row) => row?.['deleted_at'] === null).length;
  const counts = [
    ['webhook', live, MAX_ROWS.webhooks, 'webhooks that are not deleted'],
    ['answer', answer.length, MAX_ROWS.answers, 'remembered answers'],
    ['progress', progress.length, 1, 'rows'],
  ] as const;
  for (const [table, count, most, what] of counts) {
    if (count > most) {
      throw misfit(`tables.${table}`, `has ${count} ${what}; an account may have ${most}`);
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
 * Looks at every row of every table.
 *
 * @throws {SnapshotError}
 */
export const checkAllRows = async ({ tables }: Pick<AccountDump, 'tables'>): Promise<void> => {
  const isEnough = createPace();
  for (const [name, rows] of Object.entries(tables)) {
    for (const [index, row] of rows.entries()) {
      checkRow(name as TableName, row, `tables.${name}[${index}]`);
      if (isEnough(charactersIn(row))) await nextTurn();
    }
  }
};
