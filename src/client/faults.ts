/**
 * Client for fault rules: faults injected on the sender's side.
 *
 * @module
 */
import type { AddFaultRequest, Fault } from '../../schemas/sandbox.ts';
import { path, type CallOptions, type Http } from './http.ts';

/**
 * Fault rules of the account, for deliveries published from now on. Methods reject with an `ApiError`; those that take an
 * id with `FAULT_NOT_FOUND`.
 *
 * @example
 * ```ts
 * const fault = await client.faults.add({ fault: 'duplicate', probability: 0.5 });
 * await client.events.trigger({ event: 'email.sent', count: 10 });
 * console.log((await client.faults.get(fault.id)).applied);
 * ```
 */
export interface FaultsClient {
  /**
   * `POST /_sandbox/faults`. Errors: `VALIDATION_FAILED`, `FAULT_LIMIT_REACHED`, `FAULT_NEVER_MATCHES`.
   *
   * @example
   * ```ts
   * await client.faults.add({ fault: 'duplicate', match: { event: 'email.opened' } });
   * ```
   */
  add(rule: AddFaultRequest, options?: CallOptions): Promise<Fault>;
  /**
   * `GET /_sandbox/faults`. With the number of applications of each; oldest first.
   *
   * @example
   * ```ts
   * for (const { fault, applied } of await client.faults.list()) console.log(fault, applied);
   * ```
   */
  list(options?: CallOptions): Promise<readonly Fault[]>;
  /**
   * `GET /_sandbox/faults/{fault_id}`.
   *
   * @example
   * ```ts
   * console.log((await client.faults.get(fault.id)).applied); // 0
   * ```
   */
  get(id: string, options?: CallOptions): Promise<Fault>;
  /**
   * `DELETE /_sandbox/faults/{fault_id}`.
   *
   * @example
   * ```ts
   * await client.faults.remove(fault.id);
   * ```
   */
  remove(id: string, options?: CallOptions): Promise<Fault>;
  /**
   * `DELETE /_sandbox/faults`.
   *
   * @returns the number of removed rules
   *
   * @example
   * ```ts
   * console.log(await client.faults.clear()); // 0
   * ```
   */
  clear(options?: CallOptions): Promise<number>;
}

const FAULTS = '/_sandbox/faults';

export const faultsClient = (http: Http): FaultsClient => ({
  add: (body, options) => http.call({ method: 'POST', path: FAULTS, body, ...options }),
  list: (options) => http.call({ method: 'GET', path: FAULTS, ...options }),
  get: (id, options) =>
    http.call({ method: 'GET', path: path`/_sandbox/faults/${id}`, ...options }),
  remove: (id, options) =>
    http.call({ method: 'DELETE', path: path`/_sandbox/faults/${id}`, ...options }),
  clear: async (options) => {
    const { removed } = await http.call<{ removed: number }>({
      method: 'DELETE',
      path: FAULTS,
      ...options,
    });
    return removed;
  },
});
