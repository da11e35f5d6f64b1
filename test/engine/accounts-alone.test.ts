/**
 * Random commands to several accounts at once: each account must end up as if it had been alone in its sandbox.
 *
 * The oracle is the product itself: the same commands of one account are run once more in a fresh sandbox without the
 * others. `ISOLATION_RUNS=500 npx vitest run --config test/vitest.config.ts test/engine/accounts-alone.test.ts` runs
 * more than the sample, `ISOLATION_SEED` others.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { apply, command, observe, rest, type Command, type Player } from './account-commands.ts';
import { startSandboxProcess } from './sandbox-process.ts';

const RUNS = Number(process.env['ISOLATION_RUNS'] ?? 4);
const SEED = Number(process.env['ISOLATION_SEED'] ?? 20_260_406);
const KEYS = ['first', 'second', 'third'] as const;

/** Between two rounds a sandbox with a file is ended and started again. */
const rounds = fc.array(
  fc.tuple(...KEYS.map(() => fc.array(command, { minLength: 4, maxLength: 10, size: 'max' }))),
  { minLength: 1, maxLength: 2, size: 'max' },
);
type Script = readonly (readonly (readonly Command[])[])[];

let folder: string;
let receiver: Receiver;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendemall-alone-'));
  // What it answers depends on the event alone.
  receiver = await startReceiver(({ body }, response) => {
    const { id } = JSON.parse(body) as { id: string };
    response.writeHead(id.charCodeAt(id.length - 1) % 3 === 0 ? 500 : 200).end();
  });
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Running {
  readonly url: string;
  end(): Promise<void>;
}

const SANDBOX = {
  seed: 7,
  clock: 'frozen',
  clockStart: '2026-04-06T12:00:00Z',
  rateLimit: false,
} as const;

const start = async (db: string | null, isKilled: boolean): Promise<Running> => {
  if (isKilled) {
    const { url, kill } = await startSandboxProcess({ ...SANDBOX, db });
    return { url, end: kill };
  }
  const mock = await createMock({ ...SANDBOX, db });
  return { url: mock.url, end: () => mock.close(0) };
};

/** Runs the commands of some accounts side by side, each account's own one after the other. */
const play = async (
  script: Script,
  keys: readonly number[],
  db: string | null,
  isKilled: boolean,
): Promise<Map<number, unknown>> => {
  let sandbox = await start(db, isKilled);
  const kept = keys.map((key) => ({
    key,
    seen: [] as unknown[],
    saved: null as unknown,
    uncertain: new Set<string>(),
  }));
  const playerOf = (key: number): Player =>
    Object.assign(
      kept.find((one) => one.key === key)!,
      { api: apiOf(sandbox.url, KEYS[key]) },
    );
  try {
    for (const [round, commands] of script.entries()) {
      if (round > 0 && db !== null) {
        await sandbox.end();
        sandbox = await start(db, isKilled);
      }
      await Promise.all(
        kept.map(async ({ key, seen }) => {
          const player = playerOf(key);
          for (const one of commands[key] ?? []) seen.push(await apply(player, receiver.url, one));
          await rest(player);
        }),
      );
    }
    const shown = new Map<number, unknown>();
    for (const { key, seen } of kept) shown.set(key, { seen, state: await observe(playerOf(key)) });
    return shown;
  } finally {
    await sandbox.end();
  }
};

test.each([
  ['state in memory', RUNS],
  ['state in a file', RUNS],
  ['state in a file, killed between rounds', Math.ceil(RUNS / 4)],
])(
  'every account is as if it were alone (%s)',
  { timeout: 120_000 + RUNS * 20_000 },
  async (where, runs) => {
    let files = 0;
    const db = (): string | null =>
      where === 'state in memory' ? null : join(folder, `${where} ${(files += 1)}.db`);
    const isKilled = where.endsWith('killed between rounds');
    await fc.assert(
      fc.asyncProperty(rounds, async (script) => {
        const together = await play(script, [...KEYS.keys()], db(), isKilled);
        for (const key of KEYS.keys()) {
          const alone = await play(script, [key], db(), isKilled);
          expect(together.get(key)).toEqual(alone.get(key));
        }
      }),
      { numRuns: runs, seed: SEED, endOnFailure: RUNS <= 10 },
    );
  },
);
