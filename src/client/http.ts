/**
 * HTTP calls of both APIs: sends JSON, unwraps the provider's envelope, and converts every failure to an `ApiError`.
 *
 * @module
 */
import { ApiError, unexpected, unreachable } from './api-error.ts';

/** The global `fetch`, or a server's own (`app.fetch`) for calls without a socket. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** JSON in UTF-8 that need not fit into memory. */
export type JsonText = Blob | ReadableStream<Uint8Array>;

export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface Call extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Undefined members are omitted. */
  readonly query?: object | undefined;
  /** Sent as JSON; a {@link JsonText} is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Answer<T> {
  readonly data: T;
  /** Null on the last page, and for responses without pages. */
  readonly nextCursor: string | null;
  readonly progress: Progress | null;
}

export interface Progress {
  readonly searched: number;
  readonly total: number;
}

export interface Http {
  call<T>(call: Call): Promise<T>;
  answer<T>(call: Call): Promise<Answer<T>>;
  /** Resolves to the response itself if it is successful. */
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
  readonly meta?: {
    readonly request_id?: string;
    readonly next_cursor?: string | null;
  } & Partial<Progress>;
}

/** Build a path with percent-encoded ids, so that no id can change the path's structure. */
export const path = (parts: TemplateStringsArray, ...ids: readonly string[]): string =>
  String.raw({ raw: parts }, ...ids.map((id) => encodeURIComponent(id)));

const queryOf = (query: object = {}): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
};

const bodyOf = (body: unknown): JsonText | string | null => {
  if (body === undefined) return null;
  return body instanceof Blob || body instanceof ReadableStream ? body : JSON.stringify(body);
};

/** With what the types of browsers omit: a stream is sent while it is read. */
type RequestOptions = RequestInit & { readonly duplex: 'half' };

const envelopeOf = async (baseUrl: string, response: Response): Promise<Envelope> => {
  const type = response.headers.get('content-type');
  const text = await response.text();
  try {
    const envelope = JSON.parse(text) as Envelope | null;
    if (typeof envelope?.success === 'boolean') return envelope;
  } catch {
    // Not JSON: reported below.
  }
  throw unexpected(baseUrl, response.status, type);
};

const secondsOf = (header: string | null): number | null =>
  header !== null && /^\d+$/.test(header) ? Number(header) : null;

const failure = (response: Response, { error, meta }: Envelope): ApiError =>
  new ApiError({
    code: error?.code ?? 'UNEXPECTED_ANSWER',
    status: response.status,
    message: error?.message ?? `The API answered ${response.status} without an error message.`,
    requestId: meta?.request_id ?? response.headers.get('x-request-id'),
    retryAfter: error?.retry_after ?? secondsOf(response.headers.get('retry-after')),
  });

/**
 * Requests by their response's body, to keep them alive while it is read. Node's `fetch` refers to a request's abort
 * controller weakly: once the request is garbage-collected, its signal no longer aborts the response.
 */
const requestsInUse = new WeakMap<ReadableStream, Request>();

export const createHttp = ({ baseUrl, apiKey, fetch }: HttpOptions): Http => {
  const send = async (call: Call): Promise<Response> => {
    const headers = new Headers(call.headers);
    headers.set('x-user-context', apiKey);
    if (call.body !== undefined) headers.set('content-type', 'application/json');
    const init: RequestOptions = {
      method: call.method,
      headers,
      body: bodyOf(call.body),
      signal: call.signal ?? null,
      redirect: 'manual',
      duplex: 'half',
    };
    const request = new Request(`${baseUrl}${call.path}${queryOf(call.query)}`, init);
    try {
      const response = await fetch(request);
      if (response.body !== null) requestsInUse.set(response.body, request);
      // A server in this process may respond in spite of the abort.
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
    const { data, meta = {} } = await envelopeOf(baseUrl, await open(call));
    const { searched, total = 0, next_cursor: nextCursor = null } = meta;
    return {
      data: data as T,
      nextCursor,
      progress: searched === undefined ? null : { searched, total },
    };
  };

  return { open, answer, call: async <T>(call: Call) => (await answer<T>(call)).data };
};
