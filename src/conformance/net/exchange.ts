/**
 * One request of the suite, and what came of it.
 *
 * @module
 */

export type NoReplyCause =
  | 'refused'
  | 'reset'
  | 'timeout'
  | 'name_not_found'
  | 'unreachable'
  | 'tls'
  | 'invalid_response'
  | 'aborted';

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** Names in lower case. */
  readonly headers: HeaderPairs;
  /** Up to 64 KiB of it, as UTF-8. */
  readonly body: string;
  /** Of a body of which `body` is only the beginning: its length as the head states it, or null. */
  readonly totalBytes?: number | null | undefined;
  readonly durationMs: number;
}

export interface NoReply {
  readonly kind: 'none';
  readonly cause: NoReplyCause;
  /** In words: "connection refused". */
  readonly message: string;
  readonly durationMs: number;
}

export type Reply = Answer | NoReply;

export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderPairs;
  readonly body: Uint8Array;
  /** How the bytes went out, when not by an HTTP client in one piece: "in two pieces, 200 ms apart". */
  readonly manner: string | null;
}

export interface Exchange {
  readonly request: SentRequest;
  readonly reply: Reply;
}
