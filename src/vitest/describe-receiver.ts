/**
 * The conformance suite as vitest tests: one test per check.
 *
 * @module
 */
import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import { CATALOGUE, verify, type CheckResult, type VerifyOptions } from '../conformance/index.ts';
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
  /** Milliseconds for the whole run. Default 120,000. */
  readonly runTimeoutMs?: number | undefined;
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

const judge = (
  result: CheckResult,
  counts: boolean,
  known: string | undefined,
  skip: TestContext['skip'],
): void => {
  if (result.status === 'error') throw new Error(result.reason ?? `${result.id} had trouble`);
  if (result.status === 'not_tested') skip(result.reason ?? 'not tested');
  if (result.status === 'pass' && known !== undefined) {
    throw new NotConformantError(
      `${result.id} passes by now, and is still listed as known ("${known}"). Take it off the list.`,
    );
  }
  if (result.status !== 'fail') return;
  if (known !== undefined) skip(`known: ${known}`);
  if (!counts) skip(`${result.level}: ${result.actual ?? ''}`);
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
 * One vitest test for each check of the conformance suite. Failures of the level `failOn` (default `must`) fail their
 * test; what a hook is missing for, and what is of a lower level, is skipped with the reason.
 *
 * @example
 * ```ts
 * describeReceiver(app, { secret: 'whsec_your-signing-secret', hooks: { effects: (id) => crm.updatesFor(id) } });
 * ```
 */
export const describeReceiver = (receiver: Receiver, options: DescribeOptions): void => {
  const { title, path = DEFAULT_PATH, known = {}, runTimeoutMs = 120_000, ...rest } = options;
  const strange = Object.keys(known).filter((id) => !CATALOGUE.some((check) => check.id === id));
  if (strange.length > 0) {
    throw new Error(
      `describeReceiver: "known" names ${strange.join(', ')}, which is no check. The ids are listed by "sendemall-mock verify --list".`,
    );
  }
  describe(title ?? 'conforms to SendEmAll', () => {
    let mounted: Mounted | null = null;
    const results = new Map<string, CheckResult>();

    beforeAll(async () => {
      mounted = await mount(receiver);
      const url = typeof receiver === 'string' ? receiver : `${mounted.url}${path}`;
      const report = await verify({ sandbox: startSandbox, ...rest, url });
      for (const check of report.checks) results.set(check.id, check);
    }, runTimeoutMs);
    afterAll(() => mounted?.[Symbol.asyncDispose]());

    for (const { id, title: says } of CATALOGUE) {
      test(`${id}: ${says}`, ({ skip }) => {
        const result = results.get(id);
        if (result === undefined) {
          skip('not selected');
          return;
        }
        const must = result.level === 'MUST';
        const counts = must || (options.failOn === 'should' && result.level === 'SHOULD');
        judge(result, counts, known[id], skip);
      });
    }
  });
};
