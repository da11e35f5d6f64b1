/**
 * The one error of the client: what the API answered, or that nothing did.
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
 * An answer that is no success, or none at all.
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
  /** The API's code, e.g. `WEBHOOK_NOT_FOUND`; the client's own are `UNREACHABLE` and `UNEXPECTED_ANSWER`. */
  readonly code: string;
  /** HTTP status; null when nothing answered. */
  readonly status: number | null;
  /** `req_…`, to be found in the server's log; null when there was none. */
  readonly requestId: string | null;
  /** Seconds to wait before asking again; null when the API does not say. */
  readonly retryAfter: number | null;

  constructor(init: ApiErrorInit) {
    super(init.message, init.cause === undefined ? {} : { cause: init.cause });
    this.code = init.code;
    this.status = init.status;
    this.requestId = init.requestId ?? null;
    this.retryAfter = init.retryAfter ?? null;
  }
}

/** How to get a sandbox that listens at `baseUrl`, where that is on this machine. */
const startAt = (baseUrl: string): string => {
  const { hostname, port, protocol } = new URL(baseUrl);
  const isLocal = /^(localhost|127\..*|\[::1\])$/.test(hostname) && protocol === 'http:';
  if (!isLocal) return 'check the address, and that the sandbox runs there';
  const flag = port === String(DEFAULT_PORT) ? '' : ` --port ${port === '' ? 80 : port}`;
  return `start one with \`sendemall-mock serve${flag}\``;
};

/** Nothing answers at `baseUrl`. */
export const unreachable = (baseUrl: string, cause: unknown): ApiError => {
  return new ApiError({
    code: 'UNREACHABLE',
    status: null,
    message: `Nothing answers at ${baseUrl} (${describeNetworkError(cause)}): ${startAt(baseUrl)}.`,
    cause,
  });
};

/** Something answers, and not as the provider does. */
export const unexpected = (baseUrl: string, status: number, type: string | null): ApiError =>
  new ApiError({
    code: 'UNEXPECTED_ANSWER',
    status,
    message: `${baseUrl} answered ${status} with ${type ?? 'no content type'} where JSON is due: is this a sendemall-mock?`,
  });
