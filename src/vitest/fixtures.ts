/**
 * vitest's `test` with a sandbox in it.
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

/** How the sandbox of a file's tests is to be; by `test.override` or `test.scoped`, or for all by `createSandboxTest`. */
export interface SandboxOptions {
  /** A running sandbox, such as a container's. Default: one in this process for each worker. */
  readonly url?: string;
  /** Default `frozen`: nothing is tried again until a test, or a matcher, moves the clock. */
  readonly clock?: MockClock;
  /** Seed of what is made up. Default 1, so that a test sees the same data every time. */
  readonly seed?: number;
  /** Real milliseconds that an attempt may take. Default: the contract's 10,000. */
  readonly attemptTimeoutMs?: number;
}

export interface SandboxFixtures {
  /** The server; one for all tests of a worker. */
  readonly sandboxServer: { readonly url: string };
  /** An account of its own for each test, so that tests can run side by side. */
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

/** Long enough to be nobody else's on a shared sandbox. */
const newAccount = (): string => `test-${randomBytes(12).toString('hex')}`;

/**
 * A `test` whose sandbox is set up in another way.
 *
 * @example
 * ```ts
 * const test = createSandboxTest({ url: process.env.SENDEMALL_MOCK_SANDBOX_URL });
 * ```
 */
export const createSandboxTest = (options: SandboxOptions = {}) =>
  base.extend<SandboxFixtures>({
    sandboxServer: [
      // vitest reads which fixtures one needs from the pattern, so it must be there.
      // eslint-disable-next-line no-empty-pattern
      async ({}, use) => {
        const { url, mock } = await start(options);
        try {
          await use({ url });
        } finally {
          await mock?.close(0);
        }
      },
      // Before vitest 3.2, which has no scopes, `auto` alone marks this as options; a server per test is the result.
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
 * vitest's `test` with a `sandbox`: an account of its own per test, on one server per worker.
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
