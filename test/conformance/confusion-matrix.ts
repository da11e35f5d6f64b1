/**
 * Runs the whole suite against every mutant and every reference receiver.
 *
 * @module
 */
import type { Report } from '../../src/conformance/report.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';
import type { Mutant } from '../receivers/mutants/mutant.ts';
import { REFERENCES, type Reference } from '../receivers/reference/all.ts';
import { examineMutant, examineReference } from './run-suite.ts';

export interface Surveyed<T> {
  readonly subject: T;
  readonly report: Report;
}

export interface Survey {
  readonly mutants: readonly Surveyed<Mutant>[];
  readonly references: readonly Surveyed<Reference>[];
}

/** Receivers at a time; more would measure the machine and not the receiver. */
const AT_ONCE = 6;

const each = async <T>(
  subjects: readonly T[],
  atOnce: number,
  examineOne: (subject: T) => Promise<Report>,
): Promise<readonly Surveyed<T>[]> => {
  const waiting = [...subjects.entries()];
  const surveyed: Surveyed<T>[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [place, subject] = next;
      surveyed[place] = { subject, report: await examineOne(subject) };
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return surveyed;
};

/** One of several parts of about the same size: two of them side by side use both cores of a small machine. */
export interface Share {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

const ALL: Share = { index: 0, of: 1 };

/** @throws when a reference receiver cannot run on this machine */
export const makeSurvey = async (atOnce = AT_ONCE, { index, of }: Share = ALL): Promise<Survey> => {
  const mine = <T>(subjects: readonly T[]): readonly T[] =>
    subjects.filter((_, place) => place % of === index);
  for (const { name, missing } of REFERENCES) {
    const lack = missing();
    if (lack !== null) throw new Error(`${name} cannot run here: ${lack}.`);
  }
  return {
    mutants: await each(mine(MUTANTS), atOnce, examineMutant),
    references: await each(mine(REFERENCES), atOnce, examineReference),
  };
};
