/**
 * Requests that HTTP clients do not send: a body in slow pieces, or an incomplete one.
 *
 * @module
 */
import { request as plainRequest, type IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { SystemClock } from '../../clock/port.ts';
import { checkTarget, guardedLookup } from '../delivery/target-guard.ts';
import { MAX_STORED_RESPONSE_BYTES, type PostResult, type Target } from '../delivery/transport.ts';

/** A slow body is sent in this many pieces, this many real milliseconds apart. */
const PIECES = 10;
const PAUSE_MS = 100;

export interface RawPost {
  readonly target: Target;
  readonly headers: readonly string[];
  readonly body: string;
  readonly how: 'slow' | 'cut';
  readonly timeoutMs: number;
  readonly allowPublicTargets: boolean;
  readonly signal: AbortSignal | undefined;
}

type Done = (result: PostResult, durationMs: number) => void;

const piecesOf = (body: Buffer): readonly Buffer[] => {
  const size = Math.max(1, Math.ceil(body.length / PIECES));
  const pieces: Buffer[] = [];
  for (let from = 0; from < body.length; from += size)
    pieces.push(body.subarray(from, from + size));
  return pieces;
};

const headerRecord = (headers: readonly string[], length: number): Record<string, string> => {
  const record: Record<string, string> = { 'Content-Length': String(length), Connection: 'close' };
  for (let place = 0; place < headers.length; place += 2)
    record[headers[place] ?? ''] = headers[place + 1] ?? '';
  return record;
};

const pairs = ({ rawHeaders }: IncomingMessage): [string, string][] => {
  const list: [string, string][] = [];
  for (let place = 0; place < rawHeaders.length; place += 2)
    list.push([(rawHeaders[place] ?? '').toLowerCase(), rawHeaders[place + 1] ?? '']);
  return list;
};

/** Send the request and call `done` exactly once, within the time limit; never if `signal` is aborted first. */
export const rawPost = (wall: SystemClock, post: RawPost, done: Done): void => {
  const { target, headers, how, timeoutMs, allowPublicTargets, signal } = post;
  const body = Buffer.from(post.body);
  const url = new URL(target.path, target.origin);
  const startedAt = wall.monotonic();
  let over = false;
  let disarm = (): void => undefined;
  let cancelPause = (): void => undefined;
  const stop = (): void => {
    over = true;
    disarm();
    cancelPause();
    signal?.removeEventListener('abort', stop);
    request.destroy();
  };
  const end = (result: PostResult): void => {
    if (over) return;
    stop();
    done(result, Math.round(wall.monotonic() - startedAt));
  };
  const fail = (error: Error): void =>
    end({ kind: 'error', phase: 'headers', error, response: null });

  const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
  const request = send(url, {
    method: 'POST',
    headers: headerRecord(headers, body.length),
    agent: false,
    lookup: guardedLookup(allowPublicTargets),
  });
  request.on('error', fail);
  request.on('response', (response) => {
    const kept: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_STORED_RESPONSE_BYTES) kept.push(chunk);
    });
    response.on('error', fail);
    response.on('end', () =>
      end({
        kind: 'answered',
        response: {
          status: response.statusCode ?? 0,
          headers: pairs(response),
          body: Buffer.concat(kept).toString(),
          truncated: size > MAX_STORED_RESPONSE_BYTES,
        },
      }),
    );
  });
  signal?.addEventListener('abort', stop, { once: true });
  disarm = wall.after(timeoutMs, () => end({ kind: 'timeout', phase: 'headers', response: null }));
  const blocked = checkTarget(url.hostname.replace(/^\[|\]$/g, ''), allowPublicTargets);
  if (blocked !== null) {
    fail(blocked);
    return;
  }

  const pieces = piecesOf(body);
  const write = (next: number): void => {
    if (over) return;
    const piece = pieces[next];
    if (piece === undefined) {
      request.end();
      return;
    }
    if (how === 'cut' && next >= pieces.length / 2) {
      const cut = new Error('the sandbox closed the connection halfway through the body');
      // Classify as the requested fault, not as a failure of the sandbox.
      fail(Object.assign(cut, { code: 'ECONNRESET' }));
      return;
    }
    // Flush each piece before the connection is closed.
    request.write(piece, () => {
      if (how === 'cut') write(next + 1);
      else cancelPause = wall.after(PAUSE_MS, () => write(next + 1));
    });
  };
  write(0);
};
