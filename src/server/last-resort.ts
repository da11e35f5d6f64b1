/**
 * Answers what never gets through the app: no request can be made of it, or the app itself gives up.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import { ulid } from 'ulid';
import type { WallClock } from '../clock/port.ts';
import { badRequest, internalError } from '../domain/problems.ts';
import { toProviderTime } from '../domain/time.ts';

const logger = getLogger(['sendemall-mock', 'server']);

export const createLastResort =
  (wall: WallClock) =>
  (error: unknown): Response => {
    const unreadable = error instanceof Error && error.name === 'RequestError';
    if (!unreadable) logger.error('a request failed outside the app: {error}', { error });
    const { code, message, status } = unreadable ? badRequest() : internalError();
    const requestId = `req_${ulid(wall.now())}`;
    const meta = { request_id: requestId, timestamp: toProviderTime(wall.now()) };
    return new Response(
      JSON.stringify({ success: false, error: { code, message, status }, meta }),
      {
        status,
        headers: { 'content-type': 'application/json', 'x-request-id': requestId },
      },
    );
  };
