/**
 * Exchanges made by hand, for what only looks at them.
 *
 * @module
 */
import type { Observed } from '../../src/conformance/run/observed.ts';
import type {
  Answer,
  Exchange,
  HeaderPairs,
  NoReply,
  NoReplyCause,
  Reply,
  SentRequest,
} from '../../src/conformance/net/exchange.ts';

export const answer = (status: number, more: Partial<Answer> = {}): Answer => ({
  kind: 'answer',
  status,
  headers: [],
  body: '',
  durationMs: 3,
  ...more,
});

export const none = (cause: NoReplyCause): NoReply => ({
  kind: 'none',
  cause,
  message: `it was ${cause}`,
  durationMs: 10_000,
});

export const exchange = (reply: Reply, request: Partial<SentRequest> = {}): Exchange => ({
  request: {
    method: 'POST',
    url: 'http://localhost/hook',
    headers: [],
    body: Buffer.from('{}'),
    manner: null,
    ...request,
  },
  reply,
});

export const signedBy = (value: string): HeaderPairs => [
  ['Content-Type', 'application/json'],
  ['X-SendEmAll-Signature', value],
];

/** What the checks have seen; nothing but what is given. */
export const observed = (more: Partial<Observed>): Observed => ({
  exchanges: [],
  crashes: [],
  lostControls: [],
  controls: 0,
  timeoutMs: 10_000,
  secretsIn: () => [],
  ...more,
});
