/**
 * Sinks: stand-ins for what a receiver calls.
 *
 * @module
 */
import type { SetSinkRequest, Sink, SinkRecord, SinkSettings } from '../../schemas/sandbox.ts';
import { path, type CallOptions, type Http } from './http.ts';
import { createPager, type Pager } from './pager.ts';
import type { PageOptions } from './provider.ts';

export interface SinkFilter {
  /** E.g. `POST`. */
  readonly method?: string | undefined;
  /** Exactly this path behind the sink's name, e.g. `/contacts/7`. */
  readonly path?: string | undefined;
  /** A text in the body, e.g. an event's id. */
  readonly contains?: string | undefined;
}

export interface SinkWaitOptions extends SinkFilter, CallOptions {
  /** Real milliseconds, up to 60,000; default 30,000. */
  readonly timeoutMs?: number | undefined;
}

export interface SinkWaitResult {
  /** False when the time was over first. */
  readonly reached: boolean;
  /** All that pass the filter, oldest first. */
  readonly requests: readonly SinkRecord[];
}

export interface SinksClient {
  list(options?: CallOptions): Promise<readonly Sink[]>;
  /**
   * URL of the sink for programs that cannot send `x-user-context`. It contains a token: anyone who has it can write to
   * the account's sinks.
   */
  url(name: string, options?: CallOptions): Promise<string>;
  /** Oldest first. */
  requests(name: string, filter?: SinkFilter & PageOptions): Pager<SinkRecord>;
  /** Answers as soon as `count` (1 to 1000) requests that pass the filter are there. */
  waitFor(name: string, count: number, options?: SinkWaitOptions): Promise<SinkWaitResult>;
  /** From the next request on; `{}` is 200 `{"ok": true}`, as at first. */
  answer(name: string, settings: SetSinkRequest, options?: CallOptions): Promise<SinkSettings>;
  /** @returns how many requests there were */
  clear(name: string, options?: CallOptions): Promise<number>;
}

export const sinksClient = (http: Http): SinksClient => {
  const requests: SinksClient['requests'] = (name, { signal, ...query } = {}) =>
    createPager(http, {
      method: 'GET',
      path: path`/_sandbox/sinks/${name}/requests`,
      query,
      signal,
    });
  return {
    list: (options) => http.call({ method: 'GET', path: '/_sandbox/sinks', ...options }),
    url: async (name, options) => {
      const { url } = await http.call<SinkSettings>({
        method: 'GET',
        path: path`/_sandbox/sinks/${name}/settings`,
        ...options,
      });
      return url;
    },
    requests,
    waitFor: async (name, count, { timeoutMs, signal, ...filter } = {}) => {
      await http.call({
        method: 'GET',
        path: path`/_sandbox/sinks/${name}/requests`,
        query: { ...filter, wait_for: count, timeout_ms: timeoutMs, limit: 1 },
        signal,
      });
      const all: SinkRecord[] = [];
      for await (const one of requests(name, { ...filter, limit: 100, signal })) all.push(one);
      return { reached: all.length >= count, requests: all };
    },
    answer: (name, body, options) =>
      http.call({
        method: 'PUT',
        path: path`/_sandbox/sinks/${name}/settings`,
        body,
        ...options,
      }),
    clear: async (name, options) => {
      const { deleted } = await http.call<{ readonly deleted: number }>({
        method: 'DELETE',
        path: path`/_sandbox/sinks/${name}/requests`,
        ...options,
      });
      return deleted;
    },
  };
};
