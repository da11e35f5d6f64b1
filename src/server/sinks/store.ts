/**
 * The sinks of one account: what they have recorded, and what they answer. In memory, and bounded by count and bytes.
 *
 * @module
 */
import { LIMITS } from '../../../schemas/contract.ts';
import { busy } from '../../domain/problems.ts';
import { bytesOf, type SinkMemory } from './memory.ts';
import type { SinkInput, SinkReply, SinkRow } from './request.ts';
import { createRowQueue, type RowQueue } from './row-queue.ts';

/** `times` is for how many requests more; null for all. */
export interface SinkSetting {
  readonly reply: SinkReply;
  readonly times: number | null;
}

export interface SinkFilter {
  readonly method?: string | undefined;
  readonly path?: string | undefined;
  readonly contains?: string | undefined;
}

/** Called with each new row, and with null when the sink is emptied. */
type Listener = (row: SinkRow | null) => void;

interface Sink {
  readonly rows: RowQueue<SinkRow>;
  /** Of its rows. */
  bytes: number;
  standing: SinkReply;
  passing: { readonly reply: SinkReply; left: number } | null;
}

export interface SinkStore {
  /** Names, and how many requests each holds. */
  list(): { readonly name: string; readonly requests: number }[];
  /** @returns what to answer @throws {Problem} `BUSY` for one sink too many */
  record(name: string, request: SinkInput): SinkReply;
  setting(name: string): SinkSetting;
  /** @throws {Problem} `BUSY` for one sink too many, and for settings that take too much memory */
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
  /** Forgets all sinks. Listeners stay. */
  reset(): void;
}

const DEFAULT_REPLY: SinkReply = { status: 200, headers: {}, isText: false, body: '{"ok":true}' };

/** Objects around the text: of a row, of a sink, of a reply. More than they take on 64-bit Node 22 and 24. */
const ROW_BYTES = 400;
const SINK_BYTES = 1024;
const REPLY_BYTES = 256;

const sizeOfRow = ({ path, body, rest }: SinkRow): number =>
  ROW_BYTES + bytesOf(path) + bytesOf(body) + bytesOf(rest);

const sizeOfReply = ({ headers, body }: SinkReply): number =>
  REPLY_BYTES +
  bytesOf(body) +
  Object.entries(headers).reduce((sum, [name, value]) => sum + 100 + 2 * (name + value).length, 0);

const sizeOfSettings = ({ standing, passing }: Pick<Sink, 'standing' | 'passing'>): number =>
  SINK_BYTES +
  (standing === DEFAULT_REPLY ? 0 : sizeOfReply(standing)) +
  (passing === null ? 0 : sizeOfReply(passing.reply));

export const passes = (row: SinkRow, { method, path, contains }: SinkFilter): boolean =>
  (method === undefined || row.method === method.toUpperCase()) &&
  (path === undefined || row.path === path) &&
  (contains === undefined || row.body.includes(contains));

/** @returns the size of what was dropped; 0 when there was nothing */
const dropOldest = (sink: Sink): number => {
  const row = sink.rows.shift();
  const bytes = row === undefined ? 0 : sizeOfRow(row);
  sink.bytes -= bytes;
  return bytes;
};

export const createSinkStore = (memory: SinkMemory): SinkStore => {
  const sinks = new Map<string, Sink>();
  const listeners = new Map<string, Set<Listener>>();
  let last = 0;

  const share = memory.open(() => {
    let oldest: Sink | null = null;
    for (const sink of sinks.values()) {
      const order = sink.rows.peek()?.seq ?? Infinity;
      if (order < (oldest?.rows.peek()?.seq ?? Infinity)) oldest = sink;
    }
    return oldest === null ? 0 : dropOldest(oldest);
  });

  const open = (name: string): Sink => {
    const known = sinks.get(name);
    if (known !== undefined) return known;
    if (sinks.size >= LIMITS.maxSinksPerAccount) {
      throw busy(
        `This account already has ${LIMITS.maxSinksPerAccount} sinks, the most it may have. Use one of those (GET /_sandbox/sinks lists them), POST /_sandbox/reset, or use another x-user-context.`,
      );
    }
    share.changeSettings(SINK_BYTES);
    const sink = {
      rows: createRowQueue<SinkRow>(),
      bytes: 0,
      standing: DEFAULT_REPLY,
      passing: null,
    };
    sinks.set(name, sink);
    return sink;
  };

  const notify = (name: string, row: SinkRow | null): void => {
    for (const listener of listeners.get(name) ?? []) listener(row);
  };

  const change = (sink: Sink, settings: Pick<Sink, 'standing' | 'passing'>): void => {
    share.changeSettings(sizeOfSettings(settings) - sizeOfSettings(sink));
    Object.assign(sink, settings);
  };

  const next = (sink: Sink): SinkReply => {
    if (sink.passing === null) return sink.standing;
    const { reply } = sink.passing;
    sink.passing.left -= 1;
    if (sink.passing.left === 0) change(sink, { standing: sink.standing, passing: null });
    return reply;
  };

  const add = (sink: Sink, row: SinkRow): void => {
    const { rows } = sink;
    rows.push(row);
    sink.bytes += sizeOfRow(row);
    let freed = 0;
    while (
      rows.length > LIMITS.maxSinkRequests ||
      (sink.bytes > LIMITS.maxSinkBytes && rows.length > 1)
    ) {
      freed += dropOldest(sink);
    }
    share.removeRequests(freed);
    share.addRequest(sizeOfRow(row));
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
      const row = { seq: last, ...request, answered: reply.status };
      add(sink, row);
      notify(name, row);
      return reply;
    },
    setting: (name) => {
      const { standing, passing } = sinks.get(name) ?? { standing: DEFAULT_REPLY, passing: null };
      return passing === null
        ? { reply: standing, times: null }
        : { reply: passing.reply, times: passing.left };
    },
    set: (name, { times, reply }) => {
      const isNew = !sinks.has(name);
      const sink = open(name);
      try {
        change(
          sink,
          times === null
            ? { standing: reply, passing: null }
            : { standing: sink.standing, passing: { reply, left: times } },
        );
      } catch (error) {
        if (isNew) {
          share.changeSettings(-SINK_BYTES);
          sinks.delete(name);
        }
        throw error;
      }
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
      if (sink !== undefined) {
        share.removeRequests(sink.bytes);
        sink.rows.clear();
        sink.bytes = 0;
      }
      notify(name, null);
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
      for (const sink of sinks.values()) {
        share.removeRequests(sink.bytes);
        share.changeSettings(-sizeOfSettings(sink));
      }
      sinks.clear();
      for (const name of listeners.keys()) notify(name, null);
    },
  };
};
