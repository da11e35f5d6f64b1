/**
 * What the sinks of one account have recorded, and what they answer. In memory, and bounded.
 *
 * @module
 */
import { LIMITS } from '../../../schemas/contract.ts';
import type { SinkRecord } from '../../../schemas/sandbox.ts';
import { busy } from '../../domain/problems.ts';

/** A request as it came in; its number and the answer are the book's to add. */
export interface SinkInput {
  readonly received_at: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: [string, string][];
  readonly body: string;
  readonly truncated: boolean;
  readonly json?: unknown;
}

/** What a sink answers. */
export interface SinkReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** `times` is for how many requests more; null for all. */
export interface SinkSetting extends SinkReply {
  readonly times: number | null;
}

export interface SinkFilter {
  readonly method?: string | undefined;
  readonly path?: string | undefined;
  readonly contains?: string | undefined;
}

/** `seq` is the record's `order`, for the cursor. */
export interface SinkRow {
  readonly seq: number;
  readonly record: SinkRecord;
}

/** Hears of each new row, and of null when there are none any more. */
type Listener = (row: SinkRow | null) => void;

interface Sink {
  rows: SinkRow[];
  size: number;
  standing: SinkReply;
  passing: { readonly reply: SinkReply; left: number } | null;
}

export interface SinkBook {
  /** Names, and how many requests each holds. */
  list(): { readonly name: string; readonly requests: number }[];
  /** @returns what to answer @throws {Problem} `BUSY` for one sink too many */
  record(name: string, request: SinkInput): SinkReply;
  setting(name: string): SinkSetting;
  /** @throws {Problem} `BUSY` for one sink too many */
  set(name: string, setting: SinkSetting): void;
  /** The oldest first. */
  select(
    name: string,
    filter: SinkFilter,
    page?: { readonly limit: number; readonly after?: number },
  ): readonly SinkRow[];
  /** @returns how many there were */
  clear(name: string): number;
  listen(name: string, listener: Listener): () => void;
  /** Forgets all sinks. Who listens goes on listening. */
  reset(): void;
}

const DEFAULT_REPLY: SinkReply = { status: 200, headers: {}, body: { ok: true } };

const sizeOf = ({ path, query, headers, body }: SinkRecord): number =>
  path.length + query.length + body.length + headers.join().length;

export const passes = ({ record }: SinkRow, { method, path, contains }: SinkFilter): boolean =>
  (method === undefined || record.method === method.toUpperCase()) &&
  (path === undefined || record.path === path) &&
  (contains === undefined || record.body.includes(contains));

export const createBook = (): SinkBook => {
  const sinks = new Map<string, Sink>();
  const listeners = new Map<string, Set<Listener>>();
  let last = 0;

  const open = (name: string): Sink => {
    const known = sinks.get(name);
    if (known !== undefined) return known;
    if (sinks.size >= LIMITS.maxSinksPerAccount) {
      throw busy(
        `This account already has ${LIMITS.maxSinksPerAccount} sinks, the most it may have. Use one of those (GET /_sandbox/sinks lists them), POST /_sandbox/reset, or use another x-user-context.`,
      );
    }
    const sink: Sink = { rows: [], size: 0, standing: DEFAULT_REPLY, passing: null };
    sinks.set(name, sink);
    return sink;
  };

  const tell = (name: string, row: SinkRow | null): void => {
    for (const listener of listeners.get(name) ?? []) listener(row);
  };

  const add = (sink: Sink, row: SinkRow): void => {
    sink.rows.push(row);
    sink.size += sizeOf(row.record);
    let gone = 0;
    while (
      sink.rows.length - gone > LIMITS.maxSinkRequests ||
      (sink.size > LIMITS.maxSinkBytes && sink.rows.length - gone > 1)
    ) {
      sink.size -= sizeOf(sink.rows[gone]!.record);
      gone += 1;
    }
    if (gone > 0) sink.rows = sink.rows.slice(gone);
  };

  const next = (sink: Sink): SinkReply => {
    if (sink.passing === null) return sink.standing;
    const { reply } = sink.passing;
    sink.passing.left -= 1;
    if (sink.passing.left === 0) sink.passing = null;
    return reply;
  };

  return {
    list: () =>
      [...sinks]
        .map(([name, { rows }]) => ({ name, requests: rows.length }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    record: (name, request) => {
      const sink = open(name);
      const reply = next(sink);
      last += 1;
      const row = { seq: last, record: { order: last, ...request, answered: reply.status } };
      add(sink, row);
      tell(name, row);
      return reply;
    },
    setting: (name) => {
      const { standing, passing } = sinks.get(name) ?? { standing: DEFAULT_REPLY, passing: null };
      return passing === null
        ? { ...standing, times: null }
        : { ...passing.reply, times: passing.left };
    },
    set: (name, { times, ...reply }) => {
      const sink = open(name);
      if (times === null) sink.standing = reply;
      sink.passing = times === null ? null : { reply, left: times };
    },
    select: (name, filter, { limit, after = 0 } = { limit: LIMITS.maxSinkRequests }) => {
      const found: SinkRow[] = [];
      for (const row of sinks.get(name)?.rows ?? []) {
        if (found.length === limit) break;
        if (row.seq > after && passes(row, filter)) found.push(row);
      }
      return found;
    },
    clear: (name) => {
      const sink = sinks.get(name);
      const deleted = sink?.rows.length ?? 0;
      if (sink !== undefined) Object.assign(sink, { rows: [], size: 0 });
      tell(name, null);
      return deleted;
    },
    listen: (name, listener) => {
      const those = listeners.get(name) ?? new Set();
      listeners.set(name, those.add(listener));
      return () => {
        those.delete(listener);
        if (those.size === 0 && listeners.get(name) === those) listeners.delete(name);
      };
    },
    reset: () => {
      sinks.clear();
      for (const name of listeners.keys()) tell(name, null);
    },
  };
};
