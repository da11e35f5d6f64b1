/**
 * The sinks of one account, by name. In memory, and bounded by count and bytes.
 *
 * @module
 */
import { LIMITS } from '../../../schemas/contract.ts';
import { busy } from '../../domain/problems.ts';
import type { SinkMemory } from './memory.ts';
import type { SinkInput, SinkReply, SinkRow } from './request.ts';
import { createSink, DEFAULT_REPLY, type Sink, type SinkSetting } from './sink.ts';

export interface SinkFilter {
  readonly method?: string | undefined;
  readonly path?: string | undefined;
  readonly contains?: string | undefined;
}

/** Called with each new row, and with null when the sink is cleared. */
type Listener = (row: SinkRow | null) => void;

/** A sink exists from its first request or setting until the account is reset. An unknown name is an empty sink. */
export interface SinkStore {
  /** Sinks by name, with their number of requests. */
  list(): { readonly name: string; readonly requests: number }[];
  /** Record a request. @returns the reply to it @throws {Problem} `BUSY` if the account has too many sinks */
  record(name: string, request: SinkInput): SinkReply;
  setting(name: string): SinkSetting;
  /** @throws {Problem} `BUSY` if the account has too many sinks, or their settings take too much memory */
  set(name: string, setting: SinkSetting): void;
  /** Matching requests, oldest first. */
  select(
    name: string,
    filter: SinkFilter,
    page?: { readonly limit: number; readonly after?: number },
  ): readonly SinkRow[];
  /** Delete the requests of a sink. @returns how many there were */
  clear(name: string): number;
  /** @returns a function that removes the listener */
  listen(name: string, listener: Listener): () => void;
  /** Delete all sinks. Listeners stay. */
  reset(): void;
}

/** True if a request matches a filter. */
export const passes = (row: SinkRow, { method, path, contains }: SinkFilter): boolean =>
  (method === undefined || row.method === method.toUpperCase()) &&
  (path === undefined || row.path === path) &&
  (contains === undefined || row.body.includes(contains));

/** Listeners by sink. They exist independently of sinks: one may wait for the first request. */
const createListeners = () => {
  const listeners = new Map<string, Set<Listener>>();
  const notify = (name: string, row: SinkRow | null): void => {
    for (const listener of listeners.get(name) ?? []) listener(row);
  };
  return {
    notify,
    notifyAll: (): void => {
      for (const name of listeners.keys()) notify(name, null);
    },
    listen: (name: string, listener: Listener): (() => void) => {
      const own = listeners.get(name) ?? new Set();
      listeners.set(name, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0 && listeners.get(name) === own) listeners.delete(name);
      };
    },
  };
};

/** The sinks by name, and their share of the memory. */
const createSinks = (memory: SinkMemory) => {
  const sinks = new Map<string, Sink>();
  const share = memory.open(() => {
    let oldest: Sink | null = null;
    for (const sink of sinks.values()) {
      if (sink.oldest() < (oldest?.oldest() ?? Infinity)) oldest = sink;
    }
    return oldest?.evictOldest() ?? 0;
  });
  return {
    get: (name: string): Sink | undefined => sinks.get(name),
    /** @throws {Problem} `BUSY` over a limit */
    getOrCreate: (name: string): Sink => {
      const existing = sinks.get(name);
      if (existing !== undefined) return existing;
      if (sinks.size >= LIMITS.maxSinksPerAccount) {
        throw busy(
          `This account has reached the limit of ${LIMITS.maxSinksPerAccount} sinks. Use one of them (list them with GET /_sandbox/sinks), POST /_sandbox/reset, or use another x-user-context.`,
        );
      }
      const sink = createSink(share);
      sinks.set(name, sink);
      return sink;
    },
    delete: (name: string): void => {
      sinks.get(name)?.release();
      sinks.delete(name);
    },
    entries: (): readonly (readonly [string, Sink])[] => [...sinks],
  };
};

export const createSinkStore = (memory: SinkMemory): SinkStore => {
  const sinks = createSinks(memory);
  const listeners = createListeners();
  let lastSeq = 0;

  return {
    list: () =>
      sinks
        .entries()
        .map(([name, { rows }]) => ({ name, requests: rows.length }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    record: (name, request) => {
      const sink = sinks.getOrCreate(name);
      lastSeq += 1;
      const { row, reply } = sink.add(lastSeq, request);
      listeners.notify(name, row);
      return reply;
    },
    setting: (name) => sinks.get(name)?.setting() ?? { reply: DEFAULT_REPLY, times: null },
    set: (name, setting) => {
      const isNew = sinks.get(name) === undefined;
      try {
        sinks.getOrCreate(name).set(setting);
      } catch (error) {
        if (isNew) sinks.delete(name);
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
      const deleted = sinks.get(name)?.clear() ?? 0;
      listeners.notify(name, null);
      return deleted;
    },
    listen: listeners.listen,
    reset: () => {
      for (const [name] of sinks.entries()) sinks.delete(name);
      listeners.notifyAll();
    },
  };
};
