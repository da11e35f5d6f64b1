/**
 * No false alarm: receivers that are right, each in its own legal way, fail nothing that is scored.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeSample, sample } from '../support/sample.ts';
import { REFERENCES } from '../receivers/reference/all.ts';
import { judgeReference } from './judge.ts';
import { examineReference } from './run-suite.ts';
import { referenceRow } from './matrix-rows.ts';

const matrix = readFileSync(new URL('matrix.md', import.meta.url), 'utf8').split('\n');

/** Consecutive seeds that try every reference. */
const PARTS = 3;

describe.concurrent(`a correct receiver fails nothing (${describeSample(REFERENCES, PARTS)})`, () => {
  test.for(sample(REFERENCES, PARTS))(
    '$name: $may',
    { timeout: 400_000 },
    async (reference, { skip }) => {
      const lack = reference.missing();
      if (lack !== null) skip(lack);
      const report = await examineReference(reference);
      expect(judgeReference(report)).toEqual([]);
      expect(report.summary.verdict).toMatch(/^(conformant|passed)$/);
      const row = referenceRow(reference, report);
      expect(
        matrix.filter((line) => line.startsWith(row)),
        `no ${row}: run \`npm run matrix\``,
      ).toHaveLength(1);
    },
  );
});
