/**
 * A request of the suite and its result.
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
  /** Header names are in lower case. */
  readonly headers: HeaderPairs;
  /** At most 64 KiB of the body, as UTF-8. */
  readonly body: string;
  /** Content-Length of a truncated body, or null if unknown; undefined if `body` is complete. */
  readonly totalBytes?: number | null | undefined;
  readonly durationMs: number;
}

export interface NoReply {
  readonly kind: 'none';
  readonly cause: NoReplyCause;
  /** Description: "connection refused". */
  readonly message: string;
  readonly durationMs: number;
}

export type Reply = Answer | NoReply;

export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderPairs;
  readonly body: Uint8Array;
  /** How the bytes were sent, if not by an HTTP client in one piece: "in two pieces, 200 ms apart". */
  readonly manner: string | null;
}

export interface Exchange {
  readonly request: SentRequest;
  readonly reply: Reply;
}
