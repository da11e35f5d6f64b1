/**
 * HTTP requests to hooks, with timeouts, size limits, and errors that explain the expected response.
 *
 * @module
 */
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { WallClock } from '../../clock/port.ts';
import { codeOf, describeNetworkError } from '../../domain/network-error.ts';
import { createHookConnections } from './hook-connections.ts';
import { BACK_WITHIN_MS, HookError, sleep } from './hooks.ts';

export interface HookReply {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly body: string;
}

export interface HookCaller {
  get(url: string): Promise<HookReply>;
  post(url: string, body: unknown, timeoutMs: number): Promise<HookReply>;
  /** @returns the error that says what came, and what should have. */
  unfit(reply: HookReply, remedy: string): HookError;
}

export interface HookCallerOptions {
  /** `effects`, as messages name it. */
  readonly hook: string;
  readonly wall: WallClock;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** When the receiver was restarted last: its hooks may need a moment, too. */
  readonly restartedAt: () => number | null;
}

const LOOK_EVERY_MS = 50;
/** Characters of an answer that a message shows. */
const SHOWN = 200;
/** Limit of an answer after decompression. A hook answers a few members of JSON. */
const MAX_ANSWER_BYTES = 1024 * 1024;

interface Question {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const ASKED: Question = {
  method: 'GET',
  headers: { accept: 'application/json', 'accept-encoding': 'identity' },
};

/** Some servers compress whatever was asked for. */
const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Codes of zlib and Brotli. */
const DECODING_ERROR = /^(Z_|ERR_(BROTLI|_ERROR|ZLIB))/;

/** The body without its content coding; as it is if that is unknown. */
const decoded = (body: Readable, coding: string): AsyncIterable<Uint8Array> => {
  const decoder = DECODERS[coding.trim().toLowerCase()]?.();
  if (decoder === undefined) return body;
  // Its reader gets the error of the decoder.
  pipeline(body, decoder, () => undefined);
  return decoder;
};

/** @returns the body as text; null when it is longer than {@link MAX_ANSWER_BYTES}, of which no more is read then */
const readText = async (body: AsyncIterable<Uint8Array>): Promise<string | null> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop closes the connection.
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** Questions on their way, with one listener for the end of the run. */
const createPending = (signal: AbortSignal | undefined): Set<AbortController> => {
  const pending = new Set<AbortController>();
  signal?.addEventListener('abort', () => {
    for (const question of pending) question.abort();
  });
  return pending;
};

/** Makes the error that says what is wrong with a hook. */
type Trouble = (method: string, url: string, what: string) => HookError;

const unfitBy =
  (trouble: Trouble): HookCaller['unfit'] =>
  ({ method, url, status, body }, remedy) => {
    const text = body.length > SHOWN ? `${body.slice(0, SHOWN)}…` : body;
    const shown = text.trim() === '' ? 'without a body' : `with ${JSON.stringify(text)}`;
    return trouble(method, url, `answered ${status} ${shown}. ${remedy}`);
  };

export const createHookCaller = (options: HookCallerOptions): HookCaller => {
  const { hook, wall, signal, timeoutMs, restartedAt } = options;
  const connections = createHookConnections();
  const pending = createPending(signal);
  const trouble: Trouble = (method, url, what) =>
    new HookError(`The ${hook} hook, ${method} ${url}, ${what}`);

  const once = async (url: string, question: Question, limitMs: number): Promise<HookReply> => {
    const { method } = question;
    const ended = new AbortController();
    let isLate = false;
    const disarm = wall.after(limitMs, () => {
      isLate = true;
      ended.abort();
    });
    pending.add(ended);
    if (signal?.aborted === true) ended.abort();
    try {
      const { statusCode, headers, body } = await connections.ask(url, {
        ...question,
        signal: ended.signal,
      });
      const text = await readText(decoded(body, String(headers['content-encoding'] ?? '')));
      if (text !== null) return { method, url, status: statusCode, body: text };
      throw trouble(
        method,
        url,
        `answered ${statusCode} with more than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB. Answer with the documented JSON and nothing else.`,
      );
    } catch (error) {
      if (error instanceof HookError) throw error;
      if (signal?.aborted === true) throw trouble(method, url, 'was interrupted.');
      if (DECODING_ERROR.test(codeOf(error))) {
        throw trouble(
          method,
          url,
          'answered with a body that does not match its Content-Encoding.',
        );
      }
      if (isLate) {
        throw trouble(method, url, `did not answer within ${limitMs / 1000} s. Is it at work?`);
      }
      throw error;
    } finally {
      pending.delete(ended);
      disarm();
    }
  };

  const call = async (url: string, question: Question, limitMs: number): Promise<HookReply> => {
    for (;;) {
      try {
        return await once(url, question, limitMs);
      } catch (error) {
        if (error instanceof HookError) throw error;
        const restarted = restartedAt();
        if (restarted === null || wall.now() > restarted + BACK_WITHIN_MS) {
          const what = `cannot be reached (${describeNetworkError(error)}). Check the address, and that the receiver is up.`;
          throw trouble(question.method, url, what);
        }
        await sleep(wall, LOOK_EVERY_MS);
      }
    }
  };

  return {
    get: (url) => call(url, ASKED, timeoutMs),
    post: (url, body, limitMs) =>
      call(
        url,
        {
          method: 'POST',
          headers: { ...ASKED.headers, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        },
        limitMs,
      ),
    unfit: unfitBy(trouble),
  };
};
