/**
 * Mapping of a snapshot's tables to the database.
 *
 * @module
 */
import type { AccountKey } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';
import type { TableName } from '../rows/columns.ts';

export interface Table {
  readonly name: Exclude<TableName, 'attempt'>;
  /** Column that orders an account's rows. */
  readonly order: 'key' | 'seq' | 'number' | 'account';
  /** Column of the internal key; null if the table has none of its own. */
  readonly key: string | null;
  /** Columns that a snapshot omits or represents differently. */
  readonly hidden: readonly string[];
  /** Referenced table by column. */
  readonly references: Readonly<Record<string, string>>;
  /** Condition that selects an account's rows; its parameters come from {@link parametersFor}. */
  readonly where: string;
}

const IN_RANGE = 'seq > :from AND seq < :to';
const OF_ACCOUNT = 'account = :account';

/** Referenced tables come first, so that rows can be inserted in this order. */
export const TABLES: readonly Table[] = [
  { name: 'webhook', order: 'key', key: 'key', hidden: [], references: {}, where: OF_ACCOUNT },
  { name: 'event', order: 'seq', key: 'seq', hidden: ['taken'], references: {}, where: IN_RANGE },
  {
    name: 'delivery',
    order: 'seq',
    key: 'seq',
    hidden: ['attempts'],
    references: { event: 'event', webhook: 'webhook', redelivery_of: 'delivery' },
    where: IN_RANGE,
  },
  { name: 'command', order: 'number', key: null, hidden: [], references: {}, where: OF_ACCOUNT },
  { name: 'progress', order: 'account', key: null, hidden: [], references: {}, where: OF_ACCOUNT },
  { name: 'answer', order: 'key', key: null, hidden: [], references: {}, where: OF_ACCOUNT },
];

export const parametersFor = ({ where }: Table, account: AccountKey): Record<string, number> =>
  where === OF_ACCOUNT ? { account } : { from: rowKey(account, 0), to: rowKey(account + 1, 0) };
