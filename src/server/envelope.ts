/**
 * The provider's success and error envelopes. The only place that writes them.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { LeaseLost } from '../domain/lease-lost.ts';
import { accountMoved } from '../domain/node-problems.ts';
import { internalError, Problem, sandboxStopped, storageProblem } from '../domain/problems.ts';
import { StoreClosed, StoreFailure } from '../domain/store-failure.ts';
import { toProviderTime } from '../domain/time.ts';
import type { Ctx } from './context.ts';
import type { Page } from './query.ts';
import { withoutToken } from './sinks/registry.ts';

const logger = getLogger(['sendemall-mock', 'server']);

const metaOf = (c: Ctx): { request_id: string; timestamp: string } => ({
  request_id: c.get('requestId'),
  timestamp: toProviderTime(c.get('now')()),
});

/** The success envelope as text. */
export const successText = (c: Ctx, data: unknown): string =>
  JSON.stringify({ success: true, data, meta: metaOf(c) });

export const success = (c: Ctx, data: unknown, status: ContentfulStatusCode = 200): Response =>
  c.json({ success: true, data, meta: metaOf(c) }, status);

/** Like {@link success}, for data that is already JSON, in parts: as text, or encoded as UTF-8. */
export const successParts = (
  c: Ctx,
  data: readonly (string | Uint8Array)[],
  status: ContentfulStatusCode,
): Response => {
  const { start, end } = envelopeAround(c);
  const parts = [start, ...data, end];
  const isText = parts.every((part) => typeof part === 'string');
  const body = isText
    ? parts.join('')
    : Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return c.body(body, status, { 'content-type': 'application/json' });
};

/** The success envelope as text, without `data`: what comes before and after it. */
export const envelopeAround = (c: Ctx): { readonly start: string; readonly end: string } => ({
  start: '{"success":true,"data":',
  end: `,"meta":${JSON.stringify(metaOf(c))}}`,
});

export const successPage = (
  c: Ctx,
  data: readonly unknown[],
  nextCursor: string | null,
): Response => c.json({ success: true, data, meta: { ...metaOf(c), next_cursor: nextCursor } });

/** Like {@link successPage}, for items that are already JSON. @param more members of `meta` */
export const successItems = (
  c: Ctx,
  { items, nextCursor }: Page,
  more: Readonly<Record<string, unknown>> | null = null,
): Response => {
  const meta = JSON.stringify({ ...metaOf(c), next_cursor: nextCursor, ...more });
  c.header('content-type', 'application/json');
  return c.body(`{"success":true,"data":[${items.join(',')}],"meta":${meta}}`);
};

const asProblem = (c: Ctx, error: unknown): Problem => {
  if (error instanceof Problem) return error;
  // Not a failure: the request was still running when the sandbox stopped.
  if (error instanceof StoreClosed) return sandboxStopped();
  if (error instanceof LeaseLost) return accountMoved();
  // Reveal no internals to the client. The log contains no bodies or headers, so no keys or secrets.
  logger.error('{method} {path} failed ({requestId}): {error}', {
    method: c.req.method,
    path: withoutToken(c.req.path),
    requestId: c.get('requestId'),
    error,
  });
  if (error instanceof StoreFailure) return storageProblem(error.reason);
  return internalError(error);
};

export const failure = (c: Ctx, error: unknown): Response => {
  const { code, message, status, headers, retryAfter } = asProblem(c, error);
  const wait = retryAfter === null ? {} : { retry_after: retryAfter };
  const body = { success: false, error: { code, message, status, ...wait }, meta: metaOf(c) };
  return c.json(body, status as ContentfulStatusCode, { ...headers });
};
