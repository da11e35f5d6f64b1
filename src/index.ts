/**
 * The package's main entry: a mock in this process, and a client for any sandbox.
 *
 * @module
 */
export { ApiError } from './client/api-error.ts';
export { createClient } from './client/create-client.ts';
export type { Client, ClientOptions } from './client/create-client.ts';
export { createMock } from './create-mock.ts';
export type { Mock } from './create-mock.ts';
export { MockOptionError } from './mock-options.ts';
export type { MockClock, MockOptions } from './mock-options.ts';
