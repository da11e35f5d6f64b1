/**
 * Runs the whole suite against every mutant and every reference receiver.
 *
 * @module
 */
import type { Report } from '../../src/conformance/report.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';
import type { Mutant } from '../receivers/mutants/mutant.ts';
import { REFERENCES, type Reference } from '../receivers/reference/all.ts';
import { judgeMutant, judgeReference } from './judge.ts';
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

/** One of several parts of about the same size: two of them side by side use both cores of a small machine. */
export interface Share {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

const ALL: Share = { index: 0, of: 1 };

export interface SurveyOptions {
  /** Receivers at a time; default: {@link AT_ONCE}. */
  readonly atOnce?: number;
  readonly share?: Share;
  /** Whether a receiver is part of it, by its name; default: all are. */
  readonly includes?: (name: string) => boolean;
  /** Called as each receiver is finished, with its problems and how long it took. */
  readonly onJudged?: (name: string, problems: readonly string[], seconds: number) => void;
}

type Judge<T> = (subject: T, report: Report) => readonly string[];

const each = async <T extends { readonly name: string }>(
  subjects: readonly T[],
  { atOnce = AT_ONCE, onJudged }: SurveyOptions,
  examineOne: (subject: T) => Promise<Report>,
  judge: Judge<T>,
): Promise<readonly Surveyed<T>[]> => {
  const waiting = [...subjects.entries()];
  const surveyed: Surveyed<T>[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [place, subject] = next;
      const begun = Date.now();
      const report = await examineOne(subject);
      surveyed[place] = { subject, report };
      onJudged?.(subject.name, judge(subject, report), (Date.now() - begun) / 1000);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return surveyed;
};

/** @throws when a reference receiver cannot run on this machine */
export const makeSurvey = async (options: SurveyOptions = {}): Promise<Survey> => {
  const { share: { index, of } = ALL, includes = () => true } = options;
  const mine = <T extends { readonly name: string }>(subjects: readonly T[]): readonly T[] =>
    subjects.filter(({ name }, place) => place % of === index && includes(name));
  const references = mine(REFERENCES);
  for (const { name, missing } of references) {
    const lack = missing();
    if (lack !== null) throw new Error(`${name} cannot run here: ${lack}.`);
  }
  return {
    mutants: await each(mine(MUTANTS), options, examineMutant, judgeMutant),
    references: await each(references, options, examineReference, (_reference, report) =>
      judgeReference(report),
    ),
  };
};
