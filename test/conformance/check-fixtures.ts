/**
 * Checks made by hand, run by the suite's own runner against a scripted receiver.
 *
 * @module
 */
import type { ActiveCheck, Check, Stage, Verdict } from '../../src/conformance/check.ts';
import type { Observed } from '../../src/conformance/run/observed.ts';
import type { Progress } from '../../src/conformance/options.ts';
import type { Probe } from '../../src/conformance/probe/probe.ts';
import type { CheckResult } from '../../src/conformance/report.ts';
import type { RunPlan } from '../../src/conformance/run/plan.ts';
import { runChecks } from '../../src/conformance/run/runner.ts';
import { validatorsOf } from '../../src/conformance/run/select.ts';
import { fail } from '../../src/conformance/verdict.ts';
import { right, scripted, type Script, type ScriptedOptions } from './scripted-receiver.ts';

export type Id = Check['id'];

const data = (id: Id) => ({
  id,
  level: 'MUST' as const,
  title: id,
  requirement: { text: 'So it is.', source: 'a test' },
  cause: 'cause',
  fix: 'fix',
  catches: [],
});

export const active = (
  id: Id,
  stage: Stage,
  run: (probe: Probe) => Verdict | Promise<Verdict>,
  more: Partial<Pick<ActiveCheck, 'needs' | 'after' | 'validates' | 'level'>> = {},
): Check => ({ ...data(id), stage, run: async (probe) => run(probe), ...more });

export const looking = (id: Id, observe: (observed: Observed) => Verdict): Check => ({
  ...data(id),
  observe,
});

export const FAILS = fail({ expected: ['a'], actual: 'b' });

export interface Ran {
  readonly results: readonly CheckResult[];
  readonly progress: readonly Progress[];
  /** `id: status: reason`, in the order of the results. */
  readonly lines: readonly string[];
  readonly requests: number;
}

export const run = async (
  checks: readonly Check[],
  {
    script = right,
    plan = {},
    ...options
  }: ScriptedOptions & { script?: Script; plan?: Partial<RunPlan> } = {},
): Promise<Ran> => {
  await using receiver = await scripted(script, options);
  const progress: Progress[] = [];
  const results = await runChecks({
    checks,
    validators: validatorsOf(checks, () => true),
    context: receiver.context,
    seed: 1,
    timeoutMs: options.timeoutMs ?? 10_000,
    concurrency: 4,
    bail: false,
    counts: ({ status }) => status === 'fail',
    onProgress: (one) => progress.push(one),
    ...plan,
  });
  return {
    results,
    progress,
    lines: results.map(({ id, status, reason, actual }) =>
      [id, status, reason ?? actual].filter((part) => part !== null).join(': '),
    ),
    requests: receiver.heard.length,
  };
};
