/**
 * Where a sandbox listens and which account a client uses unless configured: every entry point shares these values.
 *
 * @module
 */

/** SEND on a phone keypad. */
export const DEFAULT_PORT = 7363;

/** Loopback: only this machine can connect. */
export const DEFAULT_HOST = '127.0.0.1';

export const DEFAULT_SANDBOX_URL = `http://${DEFAULT_HOST}:${DEFAULT_PORT}`;

/** The key in the provider's own examples, so that their curl commands reach the same account. */
export const DEFAULT_API_KEY = 'your-api-key';
