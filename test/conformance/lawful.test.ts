/**
 * Receivers that are right and unusual: the suite raises no MUST and no SHOULD on them.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { LAWFUL } from '../receivers/lawful/all.ts';
import { launchFile } from '../receivers/field/launch.ts';
import { missingToolchain } from '../receivers/field/toolchain.ts';
import { describeSample, sample } from '../support/sample.ts';
import { judgeReference } from './judge.ts';
import { examine, SECRET } from './run-suite.ts';

/** Consecutive seeds that try every receiver. */
const PARTS = 15;
const LIMIT_MS = 280_000;

describe(`a right and unusual receiver (${describeSample(LAWFUL, PARTS)})`, () => {
  test.for(sample(LAWFUL, PARTS))(
    '$name: $may',
    { timeout: LIMIT_MS },
    async ({ language, options, ...rest }, { skip }) => {
      const lack = missingToolchain(language);
      if (lack !== null) skip(lack);
      await using receiver = await launchFile({ language, ...rest }, SECRET);
      const report = await examine(receiver, undefined, options?.());
      expect(judgeReference(report)).toEqual([]);
      expect(report.summary.passed).toBeGreaterThan(30);
    },
  );
});
