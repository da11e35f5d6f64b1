/**
 * One run of the suite: from flags and config file to reports.
 *
 * @module
 */
import { resolve } from 'node:path';
import { CATALOGUE } from '../../conformance/catalogue.ts';
import { hasHook } from '../../conformance/run/hook-members.ts';
import type { VerifyOptions } from '../../conformance/options.ts';
import type { Report } from '../../conformance/report.ts';
import { planChecks, type CheckPlan } from '../../conformance/run/select.ts';
import { stopwatch } from '../../conformance/net/stopwatch.ts';
import { verify } from '../../conformance/verify.ts';
import { loadBaseline } from './config-file.ts';
import { annotateOnGitHub } from './github.ts';
import { hooksOf, redactedOf } from './hook-setup.ts';
import { inputOptionsOf } from './input-options.ts';
import { createLiveView } from './live.ts';
import { describeNeedByExec, describeNeedByFlags, suggestNeedByFlags } from './needs.ts';
import { writeReports, type Output } from './reports.ts';
import { rerunWith } from './rerun.ts';
import { givenSandbox, runningSandbox, sandboxOf, urlOf, type Setup } from './sandboxes.ts';
import { selectionOf } from './selection.ts';
import { budgetOf, headersOf, timeoutOf } from './settings.ts';

/** What is checked, and where reports go. */
export interface RunTarget {
  readonly url: string;
  readonly secret: string;
  readonly outputs: readonly Output[];
}

/** The result of a run. */
export interface Finished {
  readonly report: Report;
  readonly validators: CheckPlan['validators'];
}

const timesOf = ({ flags, file: { config }, terminal }: Setup) => {
  const timeout = flags.timeout ?? config.timeout;
  const timeFromEnv = terminal.env['SENDEMALL_MOCK_TIME'] ?? '';
  const time = flags.time ?? (timeFromEnv === '' ? config.time : timeFromEnv);
  const timeName =
    flags.time === undefined && timeFromEnv !== '' ? 'SENDEMALL_MOCK_TIME' : '--time';
  return {
    timeoutMs: timeout === undefined ? undefined : timeoutOf(timeout),
    budgetMs: time === undefined ? undefined : budgetOf(time, timeName),
  };
};

/** Where the pages of the checks are: a running sandbox serves them. */
const docsUrlOf = (setup: Setup): string | undefined => {
  const given = setup.flags.docsUrl ?? setup.file.config.docsUrl;
  if (given !== undefined) return urlOf('--docs-url', given);
  const sandbox = givenSandbox(setup);
  return sandbox === null ? undefined : `${sandbox.url}/docs`;
};

/** Options that depend on whether the suite has started the receiver. */
const sessionOptions = (setup: Setup) => {
  const { session } = setup;
  const hasSandbox = runningSandbox(setup) !== null;
  return {
    describeNeed:
      session === null ? describeNeedByFlags : describeNeedByExec(session.options.sinkEnv),
    suggestNeed: suggestNeedByFlags(hasSandbox, session !== null),
    receiverLog: session?.log,
  };
};

/** @param only ids of the checks to run; null for the selection of flags and config file */
const optionsOf = async (
  setup: Setup,
  { url, secret }: RunTarget,
  only: readonly string[] | null,
): Promise<VerifyOptions> => {
  const { argument, flags, file, terminal } = setup;
  const { config, folder } = file;
  const baseline =
    flags.baseline ??
    (config.baseline === undefined ? undefined : resolve(folder, config.baseline));
  const hooks = hooksOf(setup);
  return {
    url,
    secret,
    headers: headersOf(flags.header, config.headers),
    insecure: flags.insecure ?? config.insecure,
    ...timesOf(setup),
    concurrency: flags.concurrency ?? config.concurrency,
    seed: flags.seed ?? config.seed,
    freshIds: flags.freshIds ?? config.freshIds,
    ...selectionOf(flags, config),
    ...(only === null ? {} : { only }),
    bail: flags.bail ?? config.bail,
    failOn: flags.failOn ?? config.failOn,
    baseline: baseline === undefined ? undefined : await loadBaseline(baseline, terminal),
    hooks,
    sandbox: sandboxOf(setup),
    hidden: redactedOf(setup),
    rerun: rerunWith(argument, flags, hooks),
    explain: (id) => `sendemall-mock explain ${id}`,
    docsUrl: docsUrlOf(setup),
    ...sessionOptions(setup),
    ...(await inputOptionsOf(flags, file, terminal)),
    signal: terminal.signal,
  };
};

/**
 * Run the checks, and write the reports.
 *
 * @param only ids of the checks to run; null for the selection of flags and config file
 */
export const runOnce = async (
  setup: Setup,
  target: RunTarget,
  only: readonly string[] | null,
): Promise<Finished> => {
  const { flags, file, terminal } = setup;
  const options = await optionsOf(setup, target, only);
  const { hooks = {} } = options;
  const plan = planChecks(CATALOGUE, options, (hook) => hasHook(hooks, hook));
  const onProgress = createLiveView(terminal, {
    total: plan.checks.length,
    failOn: options.failOn ?? 'must',
    elapsed: stopwatch(),
  });
  const report = await verify({ ...options, onProgress });
  terminal.status(null);
  writeReports(report, target.outputs, terminal, flags.details ?? file.config.details ?? false);
  annotateOnGitHub(report, terminal);
  return { report, validators: plan.validators };
};
