/**
 * HTTP requests to hooks, with timeouts, size limits, and errors that explain the expected response.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';
import { describeNetworkError } from '../../domain/network-error.ts';
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

/**
 * Each question has a connection of its own: one that is kept can be closed by the server at the moment when the next
 * question is on its way, and a POST must not be sent twice to find out.
 */
const CLOSE = { connection: 'close' };

/** @returns the body as text; null when it is longer than {@link MAX_ANSWER_BYTES}, of which no more is read then */
const readText = async ({ body }: Response): Promise<string | null> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the body, which closes the connection.
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) return null;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
};

export const createHookCaller = (options: HookCallerOptions): HookCaller => {
  const { hook, wall, signal, timeoutMs, restartedAt } = options;
  const trouble = (method: string, url: string, what: string): HookError =>
    new HookError(`The ${hook} hook, ${method} ${url}, ${what}`);

  const once = async (url: string, init: RequestInit, limitMs: number): Promise<HookReply> => {
    const method = init.method ?? 'GET';
    const late = new AbortController();
    const disarm = wall.after(limitMs, () => late.abort());
    const signals = signal === undefined ? [late.signal] : [late.signal, signal];
    try {
      const response = await fetch(url, {
        ...init,
        redirect: 'manual',
        signal: AbortSignal.any(signals),
      });
      const body = await readText(response);
      if (body !== null) return { method, url, status: response.status, body };
      throw trouble(
        method,
        url,
        `answered ${response.status} with more than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB. Answer with the documented JSON and nothing else.`,
      );
    } catch (error) {
      if (error instanceof HookError) throw error;
      if (signal?.aborted === true) throw trouble(method, url, 'was interrupted.');
      if (late.signal.aborted) {
        throw trouble(method, url, `did not answer within ${limitMs / 1000} s. Is it at work?`);
      }
      throw error;
    } finally {
      disarm();
    }
  };

  const call = async (url: string, init: RequestInit, limitMs: number): Promise<HookReply> => {
    for (;;) {
      try {
        return await once(url, init, limitMs);
      } catch (error) {
        if (error instanceof HookError) throw error;
        const restarted = restartedAt();
        if (restarted === null || wall.now() > restarted + BACK_WITHIN_MS) {
          const what = `cannot be reached (${describeNetworkError(error)}). Check the address, and that the receiver is up.`;
          throw trouble(init.method ?? 'GET', url, what);
        }
        await sleep(wall, LOOK_EVERY_MS);
      }
    }
  };

  return {
    get: (url) => call(url, { headers: { ...CLOSE, accept: 'application/json' } }, timeoutMs),
    post: (url, body, limitMs) =>
      call(
        url,
        {
          method: 'POST',
          headers: { ...CLOSE, 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify(body),
        },
        limitMs,
      ),
    unfit: ({ method, url, status, body }, remedy) => {
      const text = body.length > SHOWN ? `${body.slice(0, SHOWN)}…` : body;
      const shown = text.trim() === '' ? 'without a body' : `with ${JSON.stringify(text)}`;
      return trouble(method, url, `answered ${status} ${shown}. ${remedy}`);
    },
  };
};
