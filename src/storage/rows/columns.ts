/**
 * Tables and columns of a snapshot, the same for every adapter.
 *
 * @module
 */

/** Version of the snapshot format. Increment it when a table or a column changes. Version 3 added the seed. */
export const DUMP_VERSION = 3;

/** Type of a column; `?` allows null. */
export type Kind = 'number' | 'string' | 'number?' | 'string?';

/** Columns by table. The account is implied. `seq` and references are numbers within the account. */
export const COLUMNS = {
  webhook: {
    key: 'number',
    id: 'string',
    url: 'string',
    events: 'string',
    secret: 'string',
    status: 'string',
    created_at: 'number',
    deleted_at: 'number?',
  },
  event: {
    seq: 'number',
    id: 'string',
    type: 'string',
    created_at: 'number',
    body: 'string',
    first_delivery: 'number',
    deliveries: 'number',
  },
  delivery: {
    seq: 'number',
    event: 'number',
    webhook: 'number',
    status: 'number',
    attempts_made: 'number',
    created_at: 'number',
    due_at: 'number?',
    settled_at: 'number?',
    acknowledged_at: 'number?',
    redelivery_of: 'number?',
    signature: 'string?',
    body: 'string?',
  },
  attempt: { delivery: 'number', number: 'number', record: 'string' },
  command: { number: 'number', done_at: 'number', emitted: 'number', body: 'string' },
  progress: { emitted: 'number' },
  answer: {
    key: 'string',
    request_hash: 'string',
    status: 'number',
    body: 'string',
    remembered_at: 'number',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Kind>>>>;

export type TableName = keyof typeof COLUMNS;

interface Values {
  readonly number: number;
  readonly string: string;
  readonly 'number?': number | null;
  readonly 'string?': string | null;
}

/** A row of a table after validation. */
export type RowOf<Name extends TableName> = {
  readonly [Column in keyof (typeof COLUMNS)[Name]]: Values[(typeof COLUMNS)[Name][Column] & Kind];
};
