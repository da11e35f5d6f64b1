/**
 * Connections to hooks.
 *
 * A run asks its hooks thousands of questions, so while the answers come fast, questions that change nothing (GET) share a
 * few connections. Idle ones are closed soon: a server that serves one connection at a time, or has few threads, is soon
 * free for the next sender. When an answer takes long, no connection is kept any more: the server may be such a one, or
 * may let every answer on a kept connection wait for a delayed acknowledgement.
 *
 * A kept connection can be closed by the server at the moment when the next question is on its way. A GET is asked again
 * then; what changes something (POST) must not be sent twice, and always has a connection of its own.
 *
 * @module
 */
// Imported by file name, because Bun replaces the bare name with its own implementation.
import { Agent, type Dispatcher } from 'undici/index.js';
import { classifyNetworkError } from '../../domain/network-error.ts';
import { stopwatch } from '../net/stopwatch.ts';

export interface HookRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface HookConnections {
  /** @throws the network's error when no answer arrives */
  ask(url: string, question: HookRequest): Promise<Dispatcher.ResponseData>;
}

/** Connections that are kept, at most. */
const MAX_KEPT = 16;
const KEPT_FOR_MS = 40;
const FAST_MS = 30;
/** The first answers of a server are slow for other reasons. */
const WARMED_UP_AFTER = 20;

const UNLIMITED = { headersTimeout: 0, bodyTimeout: 0, allowH2: false } as const;

/** Whether the server may have closed the connection before it saw the question. */
const mayBeStale = (error: unknown, { aborted }: AbortSignal): boolean =>
  !aborted && ['reset', 'closed_early'].includes(classifyNetworkError(error).kind);

const targetOf = (url: string): { readonly origin: string; readonly path: string } => {
  const { origin, pathname, search } = new URL(url);
  return { origin, path: pathname + search };
};

export interface KeepOptions {
  /** An idle connection is closed after this time. Milliseconds. */
  readonly keptForMs?: number;
  /** An answer that takes longer ends the keeping of connections. Milliseconds. */
  readonly fastMs?: number;
}

export const createHookConnections = ({
  keptForMs = KEPT_FOR_MS,
  fastMs = FAST_MS,
}: KeepOptions = {}): HookConnections => {
  const kept = new Agent({
    ...UNLIMITED,
    connections: MAX_KEPT,
    pipelining: 1,
    keepAliveTimeout: keptForMs,
    keepAliveMaxTimeout: keptForMs,
  });
  const single = new Agent(UNLIMITED);
  let isFast = true;
  let answers = 0;

  const askAlone = (url: string, question: HookRequest): Promise<Dispatcher.ResponseData> =>
    single.request({ ...targetOf(url), ...question, reset: true });

  /** Over a kept connection, while that is fast. */
  const askKept = async (url: string, question: HookRequest): Promise<Dispatcher.ResponseData> => {
    const elapsed = stopwatch();
    const answer = await kept.request({ ...targetOf(url), ...question });
    answers += 1;
    if (answers > WARMED_UP_AFTER && elapsed() > fastMs) isFast = false;
    return answer;
  };

  return {
    ask: async (url, question) => {
      if (question.method === 'POST' || !isFast) return askAlone(url, question);
      const isFirst = answers === 0;
      try {
        return await askKept(url, question);
      } catch (error) {
        if (isFirst || !mayBeStale(error, question.signal)) throw error;
        return askAlone(url, question);
      }
    },
  };
};
