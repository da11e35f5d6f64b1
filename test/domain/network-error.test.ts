/**
 * Which errors are evidence about the other side, and which are the sender's own.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { classifyNetworkError, describeNetworkError } from '../../src/domain/network-error.ts';

const withCode = (code: string): Error => Object.assign(new Error('as it came'), { code });

test.for([
  [withCode('ECONNREFUSED'), 'refused'],
  [withCode('EAI_AGAIN'), 'name_not_found'],
  [withCode('ENETUNREACH'), 'unreachable'],
  [withCode('ECONNRESET'), 'reset'],
  [withCode('ETIMEDOUT'), 'connect_timeout'],
  [withCode('CERT_HAS_EXPIRED'), 'tls'],
  [withCode('ERR_TLS_CERT_ALTNAME_INVALID'), 'tls'],
  [withCode('HPE_INVALID_CONSTANT'), 'not_http'],
  [withCode('UND_ERR_HEADERS_OVERFLOW'), 'headers_too_large'],
  [withCode('UND_ERR_SOCKET'), 'closed_early'],
  [withCode('UND_ERR_RES_CONTENT_LENGTH_MISMATCH'), 'wrong_length'],
  [new TypeError('fetch failed', { cause: withCode('ENOTFOUND') }), 'name_not_found'],
  [new AggregateError([withCode('EHOSTUNREACH'), withCode('ECONNREFUSED')]), 'refused'],
] as const)('%s is the network’s or the receiver’s: %s', ([error, kind]) => {
  expect(classifyNetworkError(error).kind).toBe(kind);
});

test.for([
  [new TypeError('agent.dispatch is not a function'), 'internal'],
  [new ReferenceError('x is not defined'), 'internal'],
  [withCode('ERR_ASSERTION'), 'internal'],
  [withCode('ERR_INVALID_ARG_TYPE'), 'internal'],
  [withCode('UND_ERR_INVALID_ARG'), 'internal'],
  [withCode('toString'), 'internal'],
  [new Error('no code at all'), 'internal'],
  [null, 'internal'],
  [withCode('EMFILE'), 'exhausted'],
  [withCode('UND_ERR_DESTROYED'), 'stopped'],
] as const)('%s is the sender’s own: %s', ([error, kind]) => {
  expect(classifyNetworkError(error).kind).toBe(kind);
});

test.for([
  [new TypeError('fetch failed', { cause: withCode('ECONNREFUSED') }), 'ECONNREFUSED'],
  [new TypeError('fetch failed', { cause: new Error('bad port') }), 'bad port'],
  [new AggregateError([withCode('EHOSTUNREACH'), withCode('ECONNREFUSED')]), 'ECONNREFUSED'],
  [Object.assign(new Error('no code'), { code: '', cause: null }), 'no code'],
  ['thrown as text', 'thrown as text'],
] as const)('%s is described by its code or its innermost message: %s', ([error, said]) => {
  expect(describeNetworkError(error)).toBe(said);
});
