/**
 * The client's error: an error response of the API, or no response at all.
 *
 * @module
 */
import { DEFAULT_PORT } from '../domain/defaults.ts';
import { describeNetworkError } from '../domain/network-error.ts';

export interface ApiErrorInit {
  readonly code: string;
  readonly status: number | null;
  readonly message: string;
  readonly requestId?: string | null;
  readonly retryAfter?: number | null;
  readonly cause?: unknown;
}

/**
 * An error response, or no response at all.
 *
 * @example
 * ```ts
 * try {
 *   await client.webhooks.get('whk_unknown');
 * } catch (error) {
 *   if (error instanceof ApiError && error.code === 'WEBHOOK_NOT_FOUND') console.log('gone');
 *   else throw error;
 * }
 * ```
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The API's code, e.g. `WEBHOOK_NOT_FOUND`, or one of the client's: `UNREACHABLE`, `UNEXPECTED_ANSWER`. */
  readonly code: string;
  /** HTTP status; null if there was no response. */
  readonly status: number | null;
  /** `req_…`, as in the server's log; null if the response has no id. */
  readonly requestId: string | null;
  /** Seconds to wait before a retry; null if the API gives none. */
  readonly retryAfter: number | null;

  constructor(init: ApiErrorInit) {
    super(init.message, init.cause === undefined ? {} : { cause: init.cause });
    this.code = init.code;
    this.status = init.status;
    this.requestId = init.requestId ?? null;
    this.retryAfter = init.retryAfter ?? null;
  }
}

/** How to start a sandbox at `baseUrl`, if that is on this machine. */
const remedyFor = (baseUrl: string): string => {
  const { hostname, port, protocol } = new URL(baseUrl);
  const isLocal = /^(localhost|127\..*|\[::1\])$/.test(hostname) && protocol === 'http:';
  if (!isLocal) return 'check the URL, and that the sandbox is running there';
  const flag = port === String(DEFAULT_PORT) ? '' : ` --port ${port === '' ? 80 : port}`;
  return `start one with \`sendemall-mock serve${flag}\``;
};

/** The error for no response from `baseUrl`. */
export const unreachable = (baseUrl: string, cause: unknown): ApiError => {
  return new ApiError({
    code: 'UNREACHABLE',
    status: null,
    message: `No response from ${baseUrl} (${describeNetworkError(cause)}): ${remedyFor(baseUrl)}.`,
    cause,
  });
};

/** The error for a response that does not come from a sandbox. */
export const unexpected = (baseUrl: string, status: number, type: string | null): ApiError =>
  new ApiError({
    code: 'UNEXPECTED_ANSWER',
    status,
    message: `${baseUrl} answered ${status} with ${type ?? 'no content type'} instead of JSON. Is this a sendemall-mock?`,
  });
