/**
 * The conformance suite against one receiver: the composition root of this room.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import { DELIVERY_POLICY } from '../../schemas/contract.ts';
import { startSteadyClock } from '../clock/system.ts';
import { DEFAULT_SANDBOX_URL } from '../domain/defaults.ts';
import { withoutTrailingSlashes } from '../domain/trailing-slashes.ts';
import { compareWithBaseline } from './run/baseline.ts';
import { CATALOGUE } from './catalogue.ts';
import { createDeadline, endingClock, type Deadline } from './run/cut-off.ts';
import { SENSITIVE_NAME, secretsInUrl } from './redact/encodings.ts';
import { inputOf } from './input-options.ts';
import { hasHook } from './run/hook-members.ts';
import { OptionsError, type VerifyOptions } from './options.ts';
import { boundHooks } from './hooks/bounded-hooks.ts';
import { createHttpClient } from './net/http-client.ts';
import { createSigning } from './probe/signing.ts';
import { createRedactor, type Redactor } from './redact/redact.ts';
import { isCounted, type CheckResult, type Report, type RunCutOff } from './report.ts';
import { suggestNeedInCode } from './needs.ts';
import { nextStepOf } from './run/next-step.ts';
import { summarise } from './summary.ts';
import { runChecks } from './run/runner.ts';
import { planChecks, type CheckPlan } from './run/select.ts';
import { stopwatch } from './net/stopwatch.ts';
import { tool } from './run/tool.ts';

const DEFAULT_CONCURRENCY = 8;
export const DEFAULT_BUDGET_MS = 300_000;
/** Connections to the receiver; bursts need as many at the same time. */
const MAX_CONNECTIONS = 64;

/** @throws {OptionsError} for an invalid URL or an empty secret */
const checkTarget = ({ url, secret }: VerifyOptions): void => {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new OptionsError(`"${url}" is not an http or https URL. Pass the full receiver URL.`);
  }
  if (secret === '')
    throw new OptionsError('The secret is empty. Pass the secret of the receiver.');
};

/** A redactor that hides all secrets that are known before the run. */
const createRunRedactor = ({ url, headers = [], hidden = [] }: VerifyOptions): Redactor => {
  const redactor = createRedactor();
  for (const [name, value] of headers) {
    if (!SENSITIVE_NAME.test(name)) continue;
    redactor.hideSecret(value, `your ${name}`);
    // The credentials without their scheme: `Bearer …`, `Basic …`.
    const [, credentials = ''] = value.split(/ (.*)/s);
    redactor.hideSecret(credentials, `your ${name}`);
  }
  for (const [value, name] of [...secretsInUrl(url), ...hidden]) {
    redactor.hideSecret(value, `your ${name}`);
  }
  return redactor;
};

/** Where the run ended early; null if every check was reached. */
const cutOffOf = (checks: readonly CheckResult[], deadline: Deadline): RunCutOff | null => {
  const by = deadline.cutOff();
  if (by === null || (by === 'budget' && checks.every((check) => check.cut_off === null))) {
    return null;
  }
  const { budgetMs } = deadline;
  return {
    by,
    budget_ms: Number.isFinite(budgetMs) ? budgetMs : null,
    reached: checks.filter(({ status }) => status !== 'not_tested').length,
    total: checks.length,
  };
};

/** Everything that the report needs about a run, apart from the results. */
interface RunFacts {
  readonly plan: CheckPlan;
  readonly deadline: Deadline;
  readonly target: string;
  readonly seed: number;
  readonly startedAt: number;
  readonly durationMs: number;
}

const toReport = (
  checks: readonly CheckResult[],
  options: Pick<VerifyOptions, 'baseline' | 'docsUrl' | 'failOn' | 'hooks' | 'suggestNeed'>,
  { plan, deadline, target, seed, startedAt, durationMs }: RunFacts,
): Report => {
  const { baseline: known, failOn = 'must', hooks = {} } = options;
  const { suggestNeed = suggestNeedInCode } = options;
  const baseline = known === undefined ? null : compareWithBaseline(checks, known);
  const validating = new Set(plan.validators.values());
  const leftOut = CATALOGUE.filter((check) => !plan.checks.includes(check));
  const nextStep = nextStepOf(plan.checks, checks, (hook) => hasHook(hooks, hook));
  return {
    tool: tool(),
    target,
    started_at: new Date(startedAt).toISOString(),
    duration_ms: Math.round(durationMs),
    seed,
    interrupted: deadline.cutOff() === 'interruption',
    cut_off: cutOffOf(checks, deadline),
    fail_on: failOn,
    docs_url: withoutTrailingSlashes(options.docsUrl ?? `${DEFAULT_SANDBOX_URL}/docs`),
    summary: summarise(checks, {
      failOn,
      baseline,
      wasSelected: (id) => plan.selected.some((check) => check.id === id),
      validatesHook: (id) => validating.has(id),
      cutOff: deadline.cutOff(),
      mustsLeftOut: leftOut.filter(({ level }) => level === 'MUST').length,
    }),
    next_step: nextStep === null ? null : suggestNeed(nextStep.need, nextStep.checks),
    baseline,
    checks,
  };
};

/** Whether a result makes the receiver not conformant. */
const countsIn =
  ({ failOn = 'must', baseline = [] }: Pick<VerifyOptions, 'failOn' | 'baseline'>) =>
  ({ id, status, level }: CheckResult): boolean =>
    status === 'fail' && isCounted(level, failOn) && baseline.every((entry) => entry.id !== id);

/**
 * The checks of a run, without running them.
 *
 * @throws {OptionsError} for invalid or contradictory options
 */
export const planRun = (options: VerifyOptions): CheckPlan => {
  const { hooks = {} } = options;
  checkTarget(options);
  inputOf(options);
  return planChecks(CATALOGUE, options, (hook) => hasHook(hooks, hook));
};

/**
 * Send valid events, as the provider does, and forgeries, and judge the responses.
 *
 * @returns the report; it contains neither the secret nor a valid signature
 * @throws {OptionsError} for invalid or contradictory options
 *
 * @example
 * ```ts
 * const report = await verify({ url: receiver.url, secret: 'whsec_your-signing-secret' });
 * report.summary.verdict; // 'passed': without hooks, not every MUST can be tested
 * ```
 */
export const verify = async (options: VerifyOptions): Promise<Report> => {
  const { url, secret, hooks = {}, headers = [], insecure = false, lookup } = options;
  const plan = planRun(options);
  const input = inputOf(options);
  const seed = options.seed ?? randomInt(0x1_0000_0000);
  const redactor = createRunRedactor(options);
  const wall = startSteadyClock();
  const deadline = createDeadline(options.budgetMs ?? DEFAULT_BUDGET_MS, wall, options.signal);
  const { signal } = deadline;
  const client = createHttpClient({ wall, insecure, lookup, connections: MAX_CONNECTIONS, signal });
  const startedAt = wall.now();
  const elapsed = stopwatch();
  try {
    const checks = await runChecks({
      checks: plan.checks,
      validators: plan.validators,
      context: {
        url,
        wall: endingClock(wall, signal),
        client,
        signing: createSigning(secret, redactor),
        redactor,
        hooks: boundHooks(hooks, wall, signal),
        headers,
        insecure,
        lookup,
        sandbox: options.sandbox,
        receiverLog: options.receiverLog,
        thorough: options.thorough,
        examples: options.examples,
        signal,
        ...input,
      },
      seed,
      idSalt: options.freshIds === true ? randomInt(1, 0x1_0000_0000) : 0,
      timeoutMs: options.timeoutMs ?? DELIVERY_POLICY.timeoutMs,
      concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
      bail: options.bail ?? false,
      counts: countsIn(options),
      deadline,
      rerun: options.rerun,
      explain: options.explain,
      describeNeed: options.describeNeed,
      onProgress: options.onProgress ?? (() => undefined),
    });
    const target = redactor.apply(url);
    const durationMs = elapsed();
    return toReport(checks, options, { plan, deadline, target, seed, startedAt, durationMs });
  } finally {
    deadline.release();
    await client.close();
  }
};
