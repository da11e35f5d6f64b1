/**
 * No false alarm: receivers that are right, each in its own legal way, fail nothing that is scored.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { REFERENCES } from '../receivers/reference/all.ts';
import { errors, examineReference, failures, tell } from './lab.ts';

describe.concurrent('a right receiver fails nothing', () => {
  test.for(REFERENCES)('$name: $may', { timeout: 60_000 }, async (reference, { skip }) => {
    const lack = reference.missing();
    if (lack !== null) skip(lack);
    const report = await examineReference(reference);
    const scored = failures(report).filter(({ level }) => level !== 'INFO');
    expect([...scored, ...errors(report)].map(tell)).toEqual([]);
    expect(report.summary.verdict).toBe('conformant');
  });
});
