/**
 * The conformance suite as vitest tests: one test per check.
 *
 * @module
 */
import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import {
  CATALOGUE,
  verify,
  type CheckResult,
  type Report,
  type VerifyOptions,
} from '../conformance/index.ts';
import { DEFAULT_BUDGET_MS } from '../conformance/verify.ts';
import { createMock } from '../create-mock.ts';
import { DEFAULT_PATH } from './sandbox.ts';
import { mount, type Mounted, type Receiver } from './mount.ts';

export interface DescribeOptions extends Omit<VerifyOptions, 'url' | 'onProgress' | 'bail'> {
  /** Title of the suite. Default: "conforms to SendEmAll". */
  readonly title?: string | undefined;
  /** Path and query on a mounted handler's port. Default `/webhooks/sendemall`. */
  readonly path?: string | undefined;
  /** Known failures, by id, each with its reason: skipped with it; one that passes by now fails. */
  readonly known?: Readonly<Record<string, string>> | undefined;
  /**
   * Milliseconds that the whole run may take. Default 300,000. When the receiver is slow, the most important checks run
   * first: MUST before SHOULD before INFO. The tests of checks that are not reached are skipped with that reason; if one
   * of them counts (see `failOn`), the first test of the suite fails and names it, because a run that has not tried
   * everything is no proof.
   */
  readonly budgetMs?: number | undefined;
}

const lines = (result: CheckResult): string =>
  [
    `${result.level} ${result.id}: ${result.title}`,
    `expected:   ${result.expected.join(' or ')}`,
    `actual:     ${result.actual ?? ''}`,
    `contract:   ${result.requirement}`,
    ...(result.diagnosis === null ? [] : [`likely:     ${result.diagnosis}`]),
    ...(result.fix === null ? [] : [`mend it:    ${result.fix}`]),
    ...(result.reproduce === null ? [] : [`reproduce:  ${result.reproduce}`]),
  ].join('\n');

/** A check found the receiver wrong. */
export class NotConformantError extends Error {
  override readonly name = 'NotConformantError';
}

/** Checks that count were not reached within the run's time budget. */
export class NotReachedError extends Error {
  override readonly name = 'NotReachedError';
}

/** @throws {NotReachedError} when the time budget was spent before every check that counts had a result */
const judgeCutOff = (
  { checks, cut_off: cutOff }: Report,
  counts: (result: CheckResult) => boolean,
): void => {
  if (cutOff?.by !== 'budget') return;
  const left = checks.filter((check) => check.cut_off === 'budget' && counts(check));
  if (left.length === 0) return;
  const { reached, total, budget_ms: budgetMs } = cutOff;
  throw new NotReachedError(
    `${reached} of ${total} checks were run within the time budget of ${(budgetMs ?? 0) / 1000} s. Not tested: ${left.map(({ id }) => id).join(', ')}. Pass a longer budgetMs, choose checks with "only", or make the receiver answer faster.`,
  );
};

/** What the run may take beyond its budget: checks end in order, and faults are switched off. */
const GRACE_MS = 60_000;

const judge = (
  result: CheckResult,
  isCounted: boolean,
  known: string | undefined,
  skip: TestContext['skip'],
): void => {
  const { id } = result;
  if (result.status === 'error') throw new Error(result.reason ?? `${id} had trouble`);
  if (result.status === 'not_tested') skip(result.reason ?? 'not tested');
  if (result.status === 'pass' && known !== undefined) {
    throw new NotConformantError(
      `${id} passes by now, and is still listed as known ("${known}"). Take it off the list.`,
    );
  }
  if (result.status !== 'fail') return;
  if (known !== undefined) skip(`known: ${known}`);
  if (!isCounted) skip(`${result.level}: ${result.actual ?? ''}`);
  throw new NotConformantError(lines(result));
};

/** Starts a sandbox for the check of dead-letter recovery. */
const startSandbox = async () => {
  const mock = await createMock({ clock: 'frozen', rateLimit: false });
  return {
    url: mock.url,
    apiKey: 'conformance',
    [Symbol.asyncDispose]: () => mock.close(0),
  };
};

/**
 * One vitest test for each check of the conformance suite, and one for the time budget of the run. Failures of the level `failOn` (default `must`) fail their
 * test; what a hook is missing for, and what is of a lower level, is skipped with the reason.
 *
 * @example
 * ```ts
 * describeReceiver(app, { secret: 'whsec_your-signing-secret', hooks: { effects: (id) => crm.updatesFor(id) } });
 * ```
 */
export const describeReceiver = (receiver: Receiver, options: DescribeOptions): void => {
  const { title, path = DEFAULT_PATH, known = {}, budgetMs = DEFAULT_BUDGET_MS, ...rest } = options;
  const strange = Object.keys(known).filter((id) => !CATALOGUE.some((check) => check.id === id));
  if (strange.length > 0) {
    throw new Error(
      `describeReceiver: "known" names ${strange.join(', ')}, which is no check. The ids are listed by "sendemall-mock verify --list".`,
    );
  }
  describe(title ?? 'conforms to SendEmAll', () => {
    let mounted: Mounted | null = null;
    let report: Report | null = null;
    const results = new Map<string, CheckResult>();
    const counts = ({ level }: CheckResult): boolean =>
      level === 'MUST' || (options.failOn === 'should' && level === 'SHOULD');

    beforeAll(async () => {
      mounted = await mount(receiver);
      const url = typeof receiver === 'string' ? receiver : `${mounted.url}${path}`;
      report = await verify({ sandbox: startSandbox, ...rest, budgetMs, url });
      for (const check of report.checks) results.set(check.id, check);
    }, budgetMs + GRACE_MS);
    afterAll(() => mounted?.[Symbol.asyncDispose]());

    test('the run reaches every check that counts within its time budget', () => {
      if (report !== null) judgeCutOff(report, counts);
    });
    for (const { id, title: says } of CATALOGUE) {
      test(`${id}: ${says}`, ({ skip }) => {
        const result = results.get(id);
        if (result === undefined) {
          skip('not selected');
          return;
        }
        judge(result, counts(result), known[id], skip);
      });
    }
  });
};
