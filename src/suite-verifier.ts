/**
 * Adapter of the server's port to the conformance suite. The suite is loaded with the first verification: it is as large as
 * the rest of the sandbox. Modules are loaded and evaluated without a turn of the event loop, the whole suite in 70 to
 * 250 ms, so it is loaded in parts.
 *
 * @module
 */
import type { Fetch } from './client/http.ts';
import type * as suiteEntry from './conformance/index.ts';
import type { OptionsError, VerifyOptions } from './conformance/options.ts';
import type { CheckResult, Report } from './conformance/report.ts';
import type * as suiteRun from './conformance/verify.ts';
import { nextTurn } from './domain/event-loop.ts';
import { validationFailed } from './domain/problems.ts';
import type {
  PreparedVerification,
  VerificationPlan,
  VerificationProgress,
  VerificationResult,
  Verifier,
} from './server/verifications/port.ts';

type Suite = typeof suiteEntry & typeof suiteRun;

/** In order of dependency: what many checks share comes first. None takes longer than 50 ms. */
const PARTS: readonly (() => Promise<unknown>)[] = [
  () => import('fast-check'),
  () => import('./conformance/explore/fields.ts'),
  () => import('./conformance/explore/random-values.ts'),
  () => import('./conformance/probe/probe.ts'),
  () => import('./conformance/explore/generated.ts'),
  () => import('./conformance/histories/play.ts'),
  () => import('./conformance/diagnosis/diagnose.ts'),
  () => import('./conformance/experiments/explain-verdict.ts'),
  () => import('./conformance/areas/signature.ts'),
  () => import('./conformance/areas/http.ts'),
  () => import('./conformance/areas/content.ts'),
  () => import('./conformance/judge/dead-letters.ts'),
  () => import('./conformance/checks/delivery/recovery-acknowledges.ts'),
  () => import('./conformance/areas/delivery.ts'),
  () => import('./conformance/areas/domain.ts'),
  () => import('./conformance/reporters.ts'),
  () => import('./conformance/hooks/http-hooks.ts'),
  () => import('./conformance/run/runner.ts'),
];

const loadSuite = async (): Promise<Suite> => {
  for (const load of PARTS) {
    await load();
    await nextTurn();
  }
  const suite = await import('./conformance/index.ts');
  await nextTurn();
  return { ...suite, ...(await import('./conformance/verify.ts')) };
};

/** Options of the suite that the API names otherwise. */
const FIELDS: Readonly<Record<string, string>> = {
  leadEmail: 'lead_email',
  effectsSink: 'effects_sink',
};

const asProblem = (error: OptionsError): Error =>
  validationFailed(error.describe((option) => `"${FIELDS[option] ?? option}"`));

const findingOf = ({ id, level, title, status }: CheckResult) =>
  status === 'fail' || status === 'error' ? { id, level, title, status } : null;

const resultOf = ({ REPORTERS }: Suite, report: Report): VerificationResult => {
  const { passed, failed, warned, noted, not_tested, verdict } = report.summary;
  return {
    verdict,
    summary: { passed, failed, warned, noted, not_tested },
    render: (format) => REPORTERS[format](report),
  };
};

/** A URL of a sandbox that is reached without a socket. */
const IN_PROCESS = 'http://localhost';

const optionsOf = (
  { createHttpHooks }: Suite,
  plan: VerificationPlan,
  fetch: Fetch,
): VerifyOptions => {
  const { effectsSink: sink, ...rest } = plan;
  if (sink === undefined) return rest;
  const effectsSink = { ...sink, sandboxUrl: IN_PROCESS, fetch };
  return { ...rest, hooks: createHttpHooks({ effectsSink }), hidden: [[sink.apiKey, 'API key']] };
};

const prepare = async (plan: VerificationPlan, fetch: Fetch): Promise<PreparedVerification> => {
  const suite = await loadSuite();
  try {
    const options = optionsOf(suite, plan, fetch);
    return {
      checksTotal: suite.planRun(options).checks.length,
      run: async (signal, notify) => {
        const onProgress: VerifyOptions['onProgress'] = (progress) => {
          if (progress.type !== 'started' && progress.type !== 'finished') return;
          const { id } = progress.check;
          const next: VerificationProgress =
            progress.type === 'started'
              ? { type: 'started', id }
              : { type: 'finished', id, finding: findingOf(progress.result) };
          notify(next);
        };
        return resultOf(suite, await suite.verify({ ...options, signal, onProgress }));
      },
    };
  } catch (error) {
    if (error instanceof suite.OptionsError) throw asProblem(error);
    throw error;
  }
};

/** @param fetch the sandbox's own, to read its sinks */
export const createSuiteVerifier = (fetch: Fetch): Verifier => ({
  prepare: (plan) => prepare(plan, fetch),
});
