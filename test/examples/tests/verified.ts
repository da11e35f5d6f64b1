/**
 * The guide's patterns before the conformance suite, with every hook that they have: effects are what their CRM has taken
 * (a sink), it fails when the sink does, a restart kills the process, recovery is the daily job.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hooks } from '../../../src/conformance/hooks/hooks.ts';
import type { SinkRecord } from '../../../schemas/sandbox.ts';
import type { Report } from '../../../src/conformance/report.ts';
import { verify } from '../../../src/conformance/verify.ts';
import { createMock } from '../../../src/create-mock.ts';
import { freePort } from '../../support/receiver.ts';
import { createStage, runExample, SECRET, startExample, type Language } from './support.ts';

/** More requests than any check sends while the CRM is down. */
const MAX_WHILE_DOWN = 1000;

/** As a CRM counts that honours idempotency keys: a call that a crash repeats has one effect. */
const effectsOf = (calls: readonly SinkRecord[]): number =>
  new Set(
    calls
      .filter(({ answered }) => answered < 300)
      .map(
        ({ sequence, headers }) =>
          headers.find(([name]) => name?.toLowerCase() === 'idempotency-key')?.[1] ?? sequence,
      ),
  ).size;

/** @param effectsIn the sink that shows the pattern's effects; null when only some events have any */
export const verifyPattern = async (
  language: Language,
  name: string,
  effectsIn: 'crm' | null,
): Promise<Report> => {
  await using mock = await createMock({ rateLimit: false });
  const stage = await createStage(mock);
  const { client } = stage;
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-pattern-'));
  const env = {
    ...stage.env,
    PORT: String(await freePort()),
    DATABASE: join(folder, 'receiver.db'),
  };
  let example = await startExample(language, name, env);
  const hooks: Hooks = {
    ...(effectsIn === null
      ? {}
      : {
          effects: async (id) => effectsOf(await stage.seen(effectsIn, id)),
          fault: async (failing) => {
            await client.sinks.answer('crm', failing ? { status: 503, times: MAX_WHILE_DOWN } : {});
          },
          recover: async ({ apiUrl, apiKey, webhookId }) => {
            const { status, stderr } = await runExample(language, 'recover-daily', {
              ...env,
              API_URL: apiUrl,
              API_KEY: apiKey,
              WEBHOOK_ID: webhookId,
            });
            if (status !== 0) throw new Error(stderr);
          },
        }),
    restart: async () => {
      await example[Symbol.asyncDispose]();
      example = await startExample(language, name, env);
    },
  };
  try {
    return await verify({
      url: example.url,
      secret: SECRET,
      hooks,
      failOn: 'should',
      // How fast they are is the machine's doing.
      skip: ['performance/*'],
      sandbox: async () => {
        const own = await createMock({ clock: 'frozen', rateLimit: false });
        return { url: own.url, apiKey: 'any', [Symbol.asyncDispose]: () => own.close(0) };
      },
    });
  } finally {
    await example[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }
};
