/**
 * The package's main entry: a mock in this process, and a client for one anywhere.
 *
 * @module
 */
export { ApiError } from './client/api-error.ts';
export { createClient } from './client/create-client.ts';
export type { Client, ClientOptions } from './client/create-client.ts';
export { MockOptionError, createMock } from './create-mock.ts';
export type { Mock, MockOptions } from './create-mock.ts';
