/**
 * vitest's `test` extended with a sandbox.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { expect, test as base } from 'vitest';
import { createClient } from '../client/create-client.ts';
import { createMock, type Mock } from '../create-mock.ts';
import type { MockClock, MockOptions } from '../mock-options.ts';
import { matchers } from './matchers.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';

/** Options of the sandbox: for all tests by `createSandboxTest`, for some by `test.override` or `test.scoped`. */
export interface SandboxOptions {
  /** URL of a running sandbox, such as a container's. Default: start one in each worker process. */
  readonly url?: string;
  /** Clock mode. Default `frozen`: no retries until a test or a matcher advances the clock. */
  readonly clock?: MockClock;
  /** Seed for generated data. Default 1, so that a test gets the same data every time. */
  readonly seed?: number;
  /** Timeout of an attempt in real milliseconds. Default 10,000, as in the contract. */
  readonly attemptTimeoutMs?: number;
}

export interface SandboxFixtures {
  /** The server, shared by all tests of a worker. */
  readonly sandboxServer: { readonly url: string };
  /** A separate account for each test, so that tests can run in parallel. */
  readonly sandbox: Sandbox;
}

const start = async (options: SandboxOptions): Promise<{ url: string; mock: Mock | null }> => {
  if (options.url !== undefined) return { url: options.url, mock: null };
  const { clock = 'frozen', seed = 1, attemptTimeoutMs } = options;
  const settings: MockOptions = {
    clock,
    seed,
    ...(attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs }),
  };
  const mock = await createMock(settings);
  return { url: mock.url, mock };
};

/** A random key, so that no other test on a shared sandbox has the same account. */
const newAccount = (): string => `test-${randomBytes(12).toString('hex')}`;

/**
 * Create a `test` with other sandbox options.
 *
 * @example
 * ```ts
 * const test = createSandboxTest({ url: process.env.SENDEMALL_MOCK_SANDBOX_URL });
 * ```
 */
export const createSandboxTest = (options: SandboxOptions = {}) =>
  base.extend<SandboxFixtures>({
    sandboxServer: [
      // vitest reads the fixtures that are needed from this pattern, so it must be present.
      // eslint-disable-next-line no-empty-pattern
      async ({}, use) => {
        const { url, mock } = await start(options);
        try {
          await use({ url });
        } finally {
          await mock?.close(0);
        }
      },
      // vitest before 3.2 has no scopes; there `auto` alone marks this as options, and each test gets its own server.
      { scope: 'worker', auto: false },
    ],
    sandbox: async ({ sandboxServer }, use) => {
      expect.extend(matchers);
      const apiKey = newAccount();
      const client = createClient({ baseUrl: sandboxServer.url, apiKey });
      if (options.url !== undefined) await client.clock.set({ mode: 'frozen' });
      const sandbox = createSandbox(client, apiKey);
      try {
        await use(sandbox);
      } finally {
        await sandbox[Symbol.asyncDispose]();
      }
    },
  });

/**
 * vitest's `test` with a `sandbox` fixture: a separate account per test, on one server per worker.
 *
 * @example
 * ```ts
 * test('replies reach the CRM', async ({ sandbox }) => {
 *   await sandbox.register(app);
 *   const triggered = await sandbox.trigger('email.replied', { data: { reply_sentiment: 'positive' } });
 *   await expect(triggered).toBeDelivered();
 * });
 * ```
 */
export const test = createSandboxTest();
