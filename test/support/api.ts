/**
 * Minimal HTTP client of the sandbox for tests.
 *
 * @module
 */
import type { DeliveryDetail } from '../../schemas/sandbox.ts';

/** A response of the sandbox. */
export interface Reply<T = any> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: T;
  readonly error: { readonly code: string; readonly message: string; readonly status: number };
  readonly meta: {
    readonly request_id: string;
    readonly timestamp: string;
    readonly next_cursor?: string | null;
  };
}

/** `get` and `send` return every response; the other methods throw on anything but a 2xx. */
export interface Api {
  get<T = any>(path: string): Promise<Reply<T>>;
  send<T = any>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply<T>>;
  /** Registers a webhook for all events. @returns its id */
  register(url: string, more?: Record<string, unknown>): Promise<string>;
  /** Triggers one event. @returns the id of its first delivery */
  trigger(event?: string, more?: Record<string, unknown>): Promise<string>;
  advance(target: Record<string, unknown>): Promise<{ from: string; to: string; attempts: number }>;
  delivery(id: string): Promise<DeliveryDetail>;
  /** Waits until a delivery is settled. */
  settled(id: string): Promise<DeliveryDetail>;
}

export const SECRET = 'whsec_your-signing-secret';

/** Throws on anything but a 2xx. */
const ok = <T>(reply: Reply<T>): T => {
  if (reply.status >= 300)
    throw new Error(`${reply.status} ${reply.error.code}: ${reply.error.message}`);
  return reply.data;
};

export const apiOf = (baseUrl: string, apiKey = 'your-api-key'): Api => {
  const send = async <T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<T>> => {
    const response = await fetch(baseUrl + path, {
      method,
      headers: {
        'x-user-context': apiKey,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const parsed = (await response.json()) as Omit<Reply<T>, 'status' | 'headers'>;
    return { ...parsed, status: response.status, headers: response.headers };
  };
  const api: Api = {
    send,
    get: (path) => send('GET', path),
    register: async (url, more = {}) =>
      ok(
        await send<{ id: string }>('POST', '/v1/webhooks', {
          url,
          events: ['*'],
          secret: SECRET,
          ...more,
        }),
      ).id,
    trigger: async (event = 'email.replied', more = {}) => {
      const data = ok(
        await send<{ deliveries: { id: string }[] }>('POST', '/_sandbox/events', {
          event,
          ...more,
        }),
      );
      const [first] = data.deliveries;
      if (first === undefined) throw new Error('no webhook is subscribed to the event');
      return first.id;
    },
    advance: async (target) => ok(await send('POST', '/_sandbox/clock/advance', target)),
    delivery: async (id) => ok(await send('GET', `/_sandbox/deliveries/${id}`)),
    settled: async (id) => {
      const { reached, delivery } = ok(
        await send<{ reached: boolean; delivery: DeliveryDetail }>(
          'GET',
          `/_sandbox/deliveries/${id}/wait?until=settled&timeout_ms=30000`,
        ),
      );
      if (!reached) throw new Error(`delivery ${id} is still ${delivery.status}`);
      return delivery;
    },
  };
  return api;
};
