/**
 * What is made to go wrong on the sender's side.
 *
 * @module
 */
import type { AddFaultRequest, Fault } from '../../schemas/sandbox.ts';
import { path, type CallOptions, type Http } from './http.ts';

export interface FaultsClient {
  /** Of deliveries that are published from now on. */
  add(rule: AddFaultRequest, options?: CallOptions): Promise<Fault>;
  /** With how often each was applied; oldest first. */
  list(options?: CallOptions): Promise<readonly Fault[]>;
  get(id: string, options?: CallOptions): Promise<Fault>;
  remove(id: string, options?: CallOptions): Promise<Fault>;
  /** @returns how many there were */
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
