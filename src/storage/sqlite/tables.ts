/**
 * How a snapshot's tables lie in the database.
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
  /** The internal key, if it has one of its own. */
  readonly key: string | null;
  /** Columns that a snapshot tells in another way, or has no use for. */
  readonly hidden: readonly string[];
  /** Columns that hold another table's internal key. */
  readonly references: Readonly<Record<string, string>>;
  /** Whose rows: a condition with the parameters that it uses of `:account`, `:from` and `:to`. */
  readonly where: string;
}

const IN_RANGE = 'seq > :from AND seq < :to';
const OF_ACCOUNT = 'account = :account';

/** In the order in which rows can be inserted. */
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
