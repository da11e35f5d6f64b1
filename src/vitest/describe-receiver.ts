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
  /** Title of the suite. Default "conforms to SendEmAll". */
  readonly title?: string | undefined;
  /** Path and query of a mounted handler. Default `/webhooks/sendemall`. */
  readonly path?: string | undefined;
  /** Known failures: reason by check id. They are skipped with the reason; one that passes fails its test. */
  readonly known?: Readonly<Record<string, string>> | undefined;
  /**
   * Time budget of the run in milliseconds. Default 300,000. If the receiver is slow, the most important checks run first:
   * MUST before SHOULD before INFO. Tests of checks that were not reached are skipped; if one of them counts (see
   * `failOn`), the first test of the suite fails and names it, because an incomplete run proves nothing.
   */
  readonly budgetMs?: number | undefined;
}

const lines = (result: CheckResult): string =>
  [
    `${result.level} ${result.id}: ${result.title}`,
    `expected:     ${result.expected.join(' or ')}`,
    `actual:       ${result.actual ?? ''}`,
    `requirement:  ${result.requirement}`,
    ...(result.diagnosis === null ? [] : [`cause:        ${result.diagnosis}`]),
    ...(result.decides.length === 0 ? [] : [`decides:      ${result.decides.join(', ')}`]),
    ...(result.fix === null ? [] : [`fix:          ${result.fix}`]),
    ...(result.reproduce === null ? [] : [`reproduce:    ${result.reproduce}`]),
  ].join('\n');

/** A check failed. */
export class NotConformantError extends Error {
  override readonly name = 'NotConformantError';
}

/** Checks that count were not reached within the time budget. */
export class NotReachedError extends Error {
  override readonly name = 'NotReachedError';
}

/** @throws {NotReachedError} if the time budget ran out before all checks that count had run */
const assertReached = (
  { checks, cut_off: cutOff }: Report,
  counts: (result: CheckResult) => boolean,
): void => {
  if (cutOff?.by !== 'budget') return;
  const left = checks.filter((check) => check.cut_off === 'budget' && counts(check));
  if (left.length === 0) return;
  const { reached, total, budget_ms: budgetMs } = cutOff;
  throw new NotReachedError(
    `${reached} of ${total} checks ran within the time budget of ${(budgetMs ?? 0) / 1000} s. Not tested: ${left.map(({ id }) => id).join(', ')}. Pass a larger budgetMs, select checks with "only", or make the receiver faster.`,
  );
};

/** Time beyond the budget, to end running checks and switch off faults. */
const GRACE_MS = 60_000;

const assertResult = (
  result: CheckResult,
  isCounted: boolean,
  known: string | undefined,
  skip: TestContext['skip'],
): void => {
  const { id } = result;
  if (result.status === 'error') throw new Error(result.reason ?? `${id} could not run`);
  if (result.status === 'not_tested') skip(result.reason ?? 'not tested');
  if (result.status === 'pass' && known !== undefined) {
    throw new NotConformantError(
      `${id} passes but is listed as a known failure ("${known}"). Remove it from "known".`,
    );
  }
  if (result.status !== 'fail') return;
  if (known !== undefined) skip(`known: ${known}`);
  if (!isCounted) skip(`${result.level}: ${result.actual ?? ''}`);
  throw new NotConformantError(lines(result));
};

/** Start a private sandbox for hooks that need one. */
const startSandbox = async () => {
  const mock = await createMock({ clock: 'frozen', rateLimit: false });
  return {
    url: mock.url,
    apiKey: 'conformance',
    [Symbol.asyncDispose]: () => mock.close(0),
  };
};

/**
 * Define one vitest test for each check of the conformance suite, and one for the time budget. Failures of the level
 * `failOn` (default `must`) or above fail their test. Failures of a lower level, and checks without a hook that they need,
 * are skipped with the reason.
 *
 * @param receiver URL, handler or app
 * @throws {Error} for an unknown check in `known`
 *
 * @example
 * ```ts
 * describeReceiver(app, { secret: 'whsec_your-signing-secret', hooks: { effects: (id) => crm.updatesFor(id) } });
 * ```
 */
export const describeReceiver = (receiver: Receiver, options: DescribeOptions): void => {
  const { title, path = DEFAULT_PATH, known = {}, budgetMs = DEFAULT_BUDGET_MS, ...rest } = options;
  const unknown = Object.keys(known).filter((id) => !CATALOGUE.some((check) => check.id === id));
  if (unknown.length > 0) {
    throw new Error(
      `describeReceiver: unknown check in "known": ${unknown.join(', ')}. List the checks with \`sendemall-mock verify --list\`.`,
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
      if (report !== null) assertReached(report, counts);
    });
    for (const { id, title: checkTitle } of CATALOGUE) {
      test(`${id}: ${checkTitle}`, ({ skip }) => {
        const result = results.get(id);
        if (result === undefined) {
          skip('not selected');
          return;
        }
        assertResult(result, counts(result), known[id], skip);
      });
    }
  });
};
