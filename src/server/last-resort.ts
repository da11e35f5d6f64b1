/**
 * Error responses outside the app: for input that is not a request, and for failures of the app itself.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import { ulid } from 'ulid';
import type { WallClock } from '../clock/port.ts';
import {
  badRequest,
  headersTooLarge,
  internalError,
  requestTimeout,
  type Problem,
} from '../domain/problems.ts';
import { toProviderTime } from '../domain/time.ts';

const logger = getLogger(['sendemall-mock', 'server']);

/** The problem if the client caused the error; null if the server did. */
const clientProblem = (error: unknown): Problem | null => {
  if (!(error instanceof Error)) return null;
  const { code = '', name } = error as NodeJS.ErrnoException;
  if (code === 'HPE_HEADER_OVERFLOW') return headersTooLarge();
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return requestTimeout();
  return name === 'RequestError' || code.startsWith('HPE_') || code === 'EPROTO'
    ? badRequest()
    : null;
};

/** Whether the connection ended while the response was written. */
const isClientGone = (error: unknown): boolean =>
  error instanceof Error &&
  ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  );

export const createLastResort =
  (wall: WallClock) =>
  (error: unknown): Response => {
    const problem = clientProblem(error);
    if (problem === null && isClientGone(error)) logger.debug('A client left before its response');
    else if (problem === null) logger.error('Request failed outside the app: {error}', { error });
    const { code, message, status } = problem ?? internalError(error);
    const requestId = `req_${ulid(wall.now())}`;
    const meta = { request_id: requestId, timestamp: toProviderTime(wall.now()) };
    return new Response(
      JSON.stringify({ success: false, error: { code, message, status }, meta }),
      {
        status,
        headers: {
          'content-type': 'application/json',
          'x-content-type-options': 'nosniff',
          'x-request-id': requestId,
        },
      },
    );
  };
