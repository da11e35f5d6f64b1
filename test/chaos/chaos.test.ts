/**
 * A short run of the chaos: nodes fail while clients use them, and nothing that was accepted is lost. The long form is
 * `npm run chaos`.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { noPostgres } from '../support/postgres.ts';
import { isWhole, testSeed } from '../support/sample.ts';
import { runChaos } from './run.ts';

/** Of chaos. Starting nodes and checking the history comes on top. */
const MINUTES = isWhole ? 2 : 0.3;
const MAX_RUN_MS = 900_000;
const quiet = { log: () => undefined, accounts: 9, seed: 1 + testSeed };

describe('chaos', () => {
  test('one process on a file, killed again and again', { timeout: MAX_RUN_MS }, async () => {
    const { verdict, measures } = await runChaos({ ...quiet, minutes: MINUTES, nodes: 1 });
    expect(verdict.violations).toEqual([]);
    expect(verdict).toMatchObject({ lost: 0, doubleRecords: 0 });
    expect(measures.actions.get('SIGKILL')).toBeGreaterThan(0);
  });

  test.skipIf(noPostgres !== null)(
    'three nodes on one PostgreSQL, killed, stopped, isolated and restarted',
    { timeout: MAX_RUN_MS },
    async () => {
      const { verdict, measures } = await runChaos({ ...quiet, minutes: MINUTES, nodes: 3 });
      expect(verdict.violations).toEqual([]);
      expect(verdict).toMatchObject({ lost: 0, doubleRecords: 0 });
      expect(measures.actions.size).toBeGreaterThan(0);
    },
  );
});
