/**
 * Client for sinks: stubs that record the outbound calls of a receiver.
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
  /** The exact path after the sink's name, e.g. `/contacts/7`. */
  readonly path?: string | undefined;
  /** A substring of the body, e.g. an event's id. */
  readonly contains?: string | undefined;
}

export interface SinkWaitOptions extends SinkFilter, CallOptions {
  /** Real milliseconds, at most 60,000. Default: 30,000. */
  readonly timeoutMs?: number | undefined;
}

export interface SinkWaitResult {
  /** False if the time was up first. */
  readonly reached: boolean;
  /** All requests that match the filter, oldest first. */
  readonly requests: readonly SinkRecord[];
}

/**
 * Sinks of the account. A sink is created by its first use. Methods reject with an `ApiError`.
 *
 * @example
 * ```ts
 * const url = await client.sinks.url('crm');
 * await fetch(`${url}/contacts`, { method: 'POST', body: '{"id": 7}' });
 * const { requests } = await client.sinks.waitFor('crm', 1, { method: 'POST' });
 * console.log(requests[0]!.body); // {"id": 7}
 * ```
 */
export interface SinksClient {
  /**
   * `GET /_sandbox/sinks`.
   *
   * @example
   * ```ts
   * for (const { name } of await client.sinks.list()) console.log(name);
   * ```
   */
  list(options?: CallOptions): Promise<readonly Sink[]>;
  /**
   * `GET /_sandbox/sinks/{name}/settings`. URL of the sink for programs that cannot send `x-user-context`. It contains a
   * token: anyone who has it can write to the account's sinks.
   *
   * @example
   * ```ts
   * const env = { CRM_URL: await client.sinks.url('crm') };
   * console.log(env);
   * ```
   */
  url(name: string, options?: CallOptions): Promise<string>;
  /**
   * `GET /_sandbox/sinks/{name}/requests`. Oldest first.
   *
   * @example
   * ```ts
   * for await (const { method, path } of client.sinks.requests('crm', { method: 'POST' })) console.log(method, path);
   * ```
   */
  requests(name: string, filter?: SinkFilter & PageOptions): Pager<SinkRecord>;
  /**
   * `GET /_sandbox/sinks/{name}/requests`. Resolves once `count` (1 to 1000) requests match the filter.
   *
   * @example
   * ```ts
   * const { reached } = await client.sinks.waitFor('crm', 1, { contains: event.id, timeoutMs: 100 });
   * if (!reached) console.log('no call');
   * ```
   */
  waitFor(name: string, count: number, options?: SinkWaitOptions): Promise<SinkWaitResult>;
  /**
   * `PUT /_sandbox/sinks/{name}/settings`. Sets the response from the next request on. `{}` restores the default, 200
   * `{"ok": true}`. Error: `VALIDATION_FAILED`.
   *
   * @example
   * ```ts
   * await client.sinks.answer('crm', { status: 503, times: 2 });
   * ```
   */
  answer(name: string, settings: SetSinkRequest, options?: CallOptions): Promise<SinkSettings>;
  /**
   * `DELETE /_sandbox/sinks/{name}/requests`.
   *
   * @returns the number of deleted requests
   *
   * @example
   * ```ts
   * console.log(await client.sinks.clear('crm')); // 0
   * ```
   */
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
