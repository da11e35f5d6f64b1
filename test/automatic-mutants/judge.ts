/**
 * Runs the conformance suite against one automatic mutant, with all hooks.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../../src/conformance/report.ts';
import { examine, SECRET } from '../conformance/run-suite.ts';
import { equivalenceOf, gapOf } from './equivalent.ts';
import type { AutomaticMutant } from './mutant.ts';
import { runProcess } from './receiver-process.ts';

/** `stillborn`: does not start, so it cannot be judged. */
export type Outcome = 'killed' | 'survived' | 'stillborn' | 'equivalent';

export interface Judged {
  readonly mutant: AutomaticMutant;
  readonly outcome: Outcome;
  /** The first check that failed, or why the mutant is equivalent. */
  readonly by: string;
}

/** How the reason begins where the run did not pass, and did not blame the receiver either. */
export const INCONCLUSIVE = 'inconclusive: ';

/** A mutant that answers slowly or not at all must not hold up the rest. */
const BUDGET_MS = 300_000;

/** Tried first, because they find most mutants and take a fraction of the time. */
const QUICK: readonly string[] = [
  'signature/accepts-valid',
  'signature/wrong-digest',
  'domain/*',
  'delivery/dup-seq',
  'delivery/mark-before-success',
  'delivery/recovery-*',
];

/** The finding that fails a run; undefined without one. */
const failureIn = ({ checks }: Report): string | undefined =>
  checks.find(({ status, level }) => status === 'fail' && level !== 'INFO')?.id;

const examineIn = async (mutant: AutomaticMutant, folder: string): Promise<Judged> => {
  const receiver = await runProcess(mutant.command(folder, SECRET)).catch(() => null);
  if (receiver === null) return { mutant, outcome: 'stillborn', by: 'it does not start' };
  await using running = receiver;
  const options = { bail: true, failOn: 'should', budgetMs: BUDGET_MS } as const;
  const quick = failureIn(await examine(running, QUICK, options));
  if (quick !== undefined) return { mutant, outcome: 'killed', by: quick };
  const report = await examine(running, undefined, { ...options, freshIds: true });
  const failed = failureIn(report);
  if (failed !== undefined) return { mutant, outcome: 'killed', by: failed };
  // Such as no effect of any event, or a recovery that never ends: the run does not pass, but may blame the hook.
  if (report.summary.verdict === 'inconclusive' && report.cut_off === null) {
    const open = report.checks.find(
      ({ id, status }) =>
        status === 'error' || (id === 'delivery/effects-probe' && status !== 'pass'),
    );
    const id = open?.id ?? 'delivery/effects-probe';
    // A busy machine makes errors of hooks as well.
    const again = await examine(running, [id], { ...options, freshIds: true });
    if (again.summary.verdict === 'inconclusive') {
      return { mutant, outcome: 'killed', by: INCONCLUSIVE + id };
    }
  }
  const by = gapOf(mutant) ?? report.cut_off?.by ?? '';
  return { mutant, outcome: 'survived', by };
};

export const judgeMutant = async (mutant: AutomaticMutant): Promise<Judged> => {
  const reason = equivalenceOf(mutant);
  if (reason !== null) return { mutant, outcome: 'equivalent', by: reason };
  const folder = await mkdtemp(join(tmpdir(), 'automatic-mutant-'));
  try {
    return await examineIn(mutant, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
