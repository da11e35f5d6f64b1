/**
 * One call of either API: sends JSON, opens the provider's envelope, turns every failure into an `ApiError`.
 *
 * @module
 */
import { ApiError, unexpected, unreachable } from './api-error.ts';

/** The global `fetch`, or a server's own (`app.fetch`) to stay in the process. */
export type Fetch = (request: Request) => Response | Promise<Response>;

export interface CallOptions {
  /** Gives the call up; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface Call extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Members that are undefined are left out. */
  readonly query?: object | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Answer<T> {
  readonly data: T;
  /** Null on the last page, and on answers that have no pages. */
  readonly nextCursor: string | null;
}

export interface Http {
  call<T>(call: Call): Promise<T>;
  answer<T>(call: Call): Promise<Answer<T>>;
  /** The response itself, once it is known to be a success. */
  open(call: Call): Promise<Response>;
}

export interface HttpOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly fetch: Fetch;
}

interface Envelope {
  readonly success: boolean;
  readonly data?: unknown;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly retry_after?: number;
  };
  readonly meta?: { readonly request_id?: string; readonly next_cursor?: string | null };
}

/** Puts values into a path: ids are percent-encoded, so that none can leave its place. */
export const path = (parts: TemplateStringsArray, ...ids: readonly string[]): string =>
  String.raw({ raw: parts }, ...ids.map((id) => encodeURIComponent(id)));

const queryOf = (query: object = {}): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
};

const envelopeOf = async (baseUrl: string, response: Response): Promise<Envelope> => {
  const type = response.headers.get('content-type');
  const text = await response.text();
  try {
    const envelope = JSON.parse(text) as Envelope | null;
    if (typeof envelope?.success === 'boolean') return envelope;
  } catch {
    // Not JSON: said below.
  }
  throw unexpected(baseUrl, response.status, type);
};

const secondsOf = (header: string | null): number | null =>
  header !== null && /^\d+$/.test(header) ? Number(header) : null;

const failure = (response: Response, { error, meta }: Envelope): ApiError =>
  new ApiError({
    code: error?.code ?? 'UNEXPECTED_ANSWER',
    status: response.status,
    message: error?.message ?? `The API answered ${response.status} without saying why.`,
    requestId: meta?.request_id ?? response.headers.get('x-request-id'),
    retryAfter: error?.retry_after ?? secondsOf(response.headers.get('retry-after')),
  });

/**
 * Requests whose response is still being read, by its body. Node's `fetch` refers to a request's abort controller weakly:
 * once the request is collected as garbage, its signal aborts nothing.
 */
const requestsInUse = new WeakMap<ReadableStream, Request>();

export const createHttp = ({ baseUrl, apiKey, fetch }: HttpOptions): Http => {
  const send = async (call: Call): Promise<Response> => {
    const headers = new Headers(call.headers);
    headers.set('x-user-context', apiKey);
    if (call.body !== undefined) headers.set('content-type', 'application/json');
    const request = new Request(`${baseUrl}${call.path}${queryOf(call.query)}`, {
      method: call.method,
      headers,
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal: call.signal ?? null,
      redirect: 'manual',
    });
    try {
      const response = await fetch(request);
      if (response.body !== null) requestsInUse.set(response.body, request);
      // A server in this process may answer all the same.
      call.signal?.throwIfAborted();
      return response;
    } catch (error) {
      call.signal?.throwIfAborted();
      throw unreachable(baseUrl, error);
    }
  };

  const open = async (call: Call): Promise<Response> => {
    const response = await send(call);
    if (!response.ok) throw failure(response, await envelopeOf(baseUrl, response));
    return response;
  };

  const answer = async <T>(call: Call): Promise<Answer<T>> => {
    const envelope = await envelopeOf(baseUrl, await open(call));
    return { data: envelope.data as T, nextCursor: envelope.meta?.next_cursor ?? null };
  };

  return { open, answer, call: async <T>(call: Call) => (await answer<T>(call)).data };
};
