/**
 * Prepared statements, by name.
 *
 * @module
 */
import type { QueryResult, QueryResultRow } from 'pg';

/** Something that runs statements: a connection, or the pool. */
export interface Session {
  query<Row extends QueryResultRow>(
    statement: Statement & { values: unknown[] },
  ): Promise<QueryResult<Row>>;
}

/** A statement that each connection parses once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

let statements = 0;

/** Names a statement. To be called once per statement. */
export const statement = (text: string): Statement => ({ name: `s${(statements += 1)}`, text });

/** PostgreSQL refuses texts with NUL, which no row can contain. An id in a path may have one. */
const findsNothing = ({ text }: Statement, values: readonly unknown[]): boolean =>
  text.startsWith('SELECT') &&
  values.some((value) => typeof value === 'string' && value.includes('\0'));

export const all = async <Row extends QueryResultRow>(
  session: Session,
  one: Statement,
  values: readonly unknown[],
): Promise<Row[]> =>
  findsNothing(one, values) ? [] : (await session.query<Row>({ ...one, values: [...values] })).rows;

export const first = async <Row extends QueryResultRow>(
  session: Session,
  one: Statement,
  values: readonly unknown[],
): Promise<Row | undefined> => (await all<Row>(session, one, values))[0];

/** @returns the number of rows that were changed */
export const run = async (
  session: Session,
  { name, text }: Statement,
  values: readonly unknown[],
): Promise<number> => (await session.query({ name, text, values: [...values] })).rowCount ?? 0;

export const BEGIN: Statement = statement('BEGIN');
export const COMMIT: Statement = statement('COMMIT');
export const ROLLBACK: Statement = statement('ROLLBACK');

/** A list of numbers as an array literal, which is cheaper than the driver's. */
export const numbers = (list: readonly (number | null)[]): string =>
  `{${list.map((one) => one ?? 'NULL').join(',')}}`;

const SPECIAL = /["\\]/gu;

const quote = (text: string): string => `"${text.replaceAll(SPECIAL, String.raw`\$&`)}"`;

/** A list of texts as an array literal. */
export const texts = (list: readonly (string | null)[]): string =>
  `{${list.map((one) => (one === null ? 'NULL' : quote(one))).join(',')}}`;

/** Quotes a name for SQL. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
