/**
 * Runs the conformance suite against one receiver: the composition root of this room.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import { DELIVERY_POLICY } from '../../schemas/contract.ts';
import { startSteadyClock } from '../clock/system.ts';
import { compareWithBaseline } from './run/baseline.ts';
import { CATALOGUE } from './catalogue.ts';
import { isActive } from './check.ts';
import { createDeadline, endingClock, type Deadline } from './run/cut-off.ts';
import { SENSITIVE_NAME, secretsInUrl } from './redact/encodings.ts';
import { hasHook } from './run/hook-members.ts';
import { OptionsError, type VerifyOptions } from './options.ts';
import { boundHooks } from './hooks/bounded-hooks.ts';
import { createHttpClient } from './net/http-client.ts';
import { createSigning } from './probe/signing.ts';
import { createRedactor } from './redact/redact.ts';
import { isCounted, summarise, type CheckResult, type Report, type RunCutOff } from './report.ts';
import { runChecks } from './run/runner.ts';
import { selectChecks, withVouchers } from './run/select.ts';
import { stopwatch } from './net/stopwatch.ts';
import { tool } from './run/tool.ts';

const CONCURRENCY = 8;
export const DEFAULT_BUDGET_MS = 300_000;
/** The bursts want so many at the same time. */
const CONNECTIONS = 64;

const checkUrl = (url: string): void => {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new OptionsError(`"${url}" is no http or https URL. Give the receiver's full URL.`);
  }
};

/** Where the run was cut off; null when every check was reached. */
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

/**
 * Sends what a provider sends, and what it never would, and judges the answers.
 *
 * @returns the report; nothing in it holds the secret or a right signature
 * @throws {OptionsError} when the options name what is not there or do not fit together
 *
 * @example
 * ```ts
 * const report = await verify({ url: receiver.url, secret: 'whsec_your-signing-secret' });
 * report.summary.verdict; // 'conformant'
 * ```
 */
export const verify = async (options: VerifyOptions): Promise<Report> => {
  const { url, secret, hooks = {}, failOn = 'must', onProgress } = options;
  checkUrl(url);
  if (secret === '')
    throw new OptionsError('The secret is empty. Give the one that the receiver has.');
  const selected = selectChecks(CATALOGUE, options);
  const seed = options.seed ?? randomInt(0x1_0000_0000);
  const redactor = createRedactor();
  for (const [name, value] of options.headers ?? []) {
    if (!SENSITIVE_NAME.test(name)) continue;
    redactor.hideSecret(value, `your ${name}`);
    // The credentials alone: `Bearer …`, `Basic …`.
    const [, credentials = ''] = value.split(/ (.*)/s);
    redactor.hideSecret(credentials, `your ${name}`);
  }
  for (const [value, name] of [...secretsInUrl(url), ...(options.hidden ?? [])]) {
    redactor.hideSecret(value, `your ${name}`);
  }
  const known = options.baseline ?? null;
  const made = withVouchers(CATALOGUE, selected, options, (hook) => hasHook(hooks, hook));
  /** What shows whether the hooks that were given are to be relied on. */
  const vouched = new Set<string>(
    made.flatMap((check) =>
      isActive(check) && check.vouches !== undefined && hasHook(hooks, check.vouches)
        ? check.id
        : [],
    ),
  );
  const counts = ({ id, status, level }: CheckResult): boolean =>
    status === 'fail' &&
    isCounted(level, failOn) &&
    known?.every((entry) => entry.id !== id) !== false;
  const wall = startSteadyClock();
  const deadline = createDeadline(options.budgetMs ?? DEFAULT_BUDGET_MS, wall, options.signal);
  const { signal } = deadline;
  const client = createHttpClient({
    wall,
    insecure: options.insecure ?? false,
    connections: CONNECTIONS,
    signal,
  });
  const started = wall.now();
  const elapsed = stopwatch();
  try {
    const checks = await runChecks({
      checks: made,
      context: {
        url,
        wall: endingClock(wall, signal),
        client,
        signing: createSigning(secret, redactor),
        redactor,
        hooks: boundHooks(hooks, wall, signal),
        headers: options.headers ?? [],
        insecure: options.insecure ?? false,
        sandbox: options.sandbox,
        thorough: options.thorough,
        examples: options.examples,
        signal,
      },
      seed,
      timeoutMs: options.timeoutMs ?? DELIVERY_POLICY.timeoutMs,
      concurrency: options.concurrency ?? CONCURRENCY,
      bail: options.bail ?? false,
      counts,
      deadline,
      rerun: options.rerun,
      onProgress: onProgress ?? (() => undefined),
    });
    const baseline = known === null ? null : compareWithBaseline(checks, known);
    return {
      tool: tool(),
      target: redactor.apply(url),
      started_at: new Date(started).toISOString(),
      duration_ms: Math.round(elapsed()),
      seed,
      interrupted: deadline.cutOff() === 'interruption',
      cut_off: cutOffOf(checks, deadline),
      fail_on: failOn,
      summary: summarise(checks, {
        failOn,
        baseline,
        wasAsked: (id) => selected.some((check) => check.id === id),
        isVoucher: (id) => vouched.has(id),
        cutOff: deadline.cutOff(),
      }),
      baseline,
      checks,
    };
  } finally {
    deadline.release();
    await client.close();
  }
};
