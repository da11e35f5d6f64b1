/**
 * Runs checks stage by stage, watches whether the receiver lives, and writes everything down. Decides nothing about
 * receivers itself: that is what checks are for.
 *
 * @module
 */
import { isActive, STAGES, type ActiveCheck, type Check, type Hook, type Stage } from './check.ts';
import type { SeenExchange } from './observed.ts';
import type { Progress } from './options.ts';
import { seededRandom } from '../domain/random.ts';
import { createEventMaker } from './probe/event-maker.ts';
import type { Exchange } from './probe/exchange.ts';
import { createProbe, type Probe, type ProbeContext } from './probe/probe.ts';
import type { CheckResult } from './report.ts';
import { toResult, type Ran } from './run-check.ts';
import { stopwatch } from './stopwatch.ts';
import { notTested } from './verdict.ts';
import { createVitality } from './vitality.ts';

/** What to do about a hook that is missing. */
const REMEDIES: Readonly<Record<Hook, string>> = {
  effects:
    'Needs an effects hook: --effects-url http://…/effects/{id}, which answers {"count": n}.',
  state: 'Needs a state hook: --state-url http://…/state/{lead_email}.',
  fault: 'Needs a fault hook: --fault-url, which takes {"fail": true} and {"fail": false}.',
  restart: 'Needs --restart-command, which kills the receiver and starts it again.',
  recovery:
    'Needs --recover-command or --recover-url, which runs the receiver’s recovery of dead letters once.',
};

const HOOK_OF = {
  effects: 'effects',
  state: 'state',
  fault: 'fault',
  restart: 'restart',
  recovery: 'recover',
} as const satisfies Readonly<Record<Hook, keyof ProbeContext['hooks']>>;

export interface RunPlan {
  /** In the catalogue's order. */
  readonly checks: readonly Check[];
  readonly context: Omit<ProbeContext, 'seen' | 'timeoutMs' | 'events' | 'random'>;
  readonly seed: number;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly bail: boolean;
  /** Whether a result makes the receiver not conformant. */
  readonly counts: (result: CheckResult) => boolean;
  readonly onProgress: (progress: Progress) => void;
}

/** Each check draws from a stream of its own, so that what runs beside it changes nothing. */
const seedOf = (seed: number, name: string): number =>
  [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x0100_0193), seed);

/** A receiver that hung once is waited for no longer than this, so that a run ends. Milliseconds. */
const PATIENCE_AFTER_A_HANG_MS = 1000;

export const runChecks = async (plan: RunPlan): Promise<readonly CheckResult[]> => {
  const { checks, context, concurrency, bail, counts, onProgress } = plan;
  const results = new Map<string, CheckResult>();
  const exchanges: SeenExchange[] = [];
  let hung = false;
  /** Why nothing more can be tested; null while something can. */
  let over: string | null = null;

  const probeOf = (by: string): Probe => {
    const random = seededRandom(seedOf(plan.seed, by));
    return createProbe({
      ...context,
      random,
      events: createEventMaker(random, context.wall.now),
      timeoutMs: () => (hung ? Math.min(PATIENCE_AFTER_A_HANG_MS, plan.timeoutMs) : plan.timeoutMs),
      seen: (exchange: Exchange) => {
        exchanges.push({ by, exchange });
        if (exchange.reply.kind === 'none' && exchange.reply.cause === 'timeout') hung = true;
      },
    });
  };
  const vitality = createVitality(probeOf('control'), context.wall);

  const finish = (check: Check, ran: Ran): CheckResult => {
    const result = toResult(check, ran, context);
    results.set(check.id, result);
    onProgress({ type: 'finished', check, result });
    if (bail && over === null && counts(result)) over = `Not run: --bail, after ${check.id}.`;
    return result;
  };

  const obstacle = ({ needs = [], after = [] }: ActiveCheck): string | null => {
    if (context.signal?.aborted === true) return 'Not run: interrupted.';
    if (over !== null) return over;
    const missing = needs.find((hook) => context.hooks[HOOK_OF[hook]] === undefined);
    if (missing !== undefined) return REMEDIES[missing];
    const failed = after.find((id) => {
      const status = results.get(id)?.status;
      return status !== undefined && status !== 'pass';
    });
    return failed === undefined ? null : `Says nothing new until ${failed} passes.`;
  };

  const judge = async (check: ActiveCheck, probe: Probe): Promise<Ran['verdict']> => {
    try {
      return await check.run(probe);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { status: 'error', reason: `${check.id} could not be judged: ${reason}` };
    }
  };

  const runOne = async (check: ActiveCheck): Promise<void> => {
    const hindered = obstacle(check);
    if (hindered !== null) {
      finish(check, { verdict: notTested(hindered), exchanges: [], durationMs: 0 });
      return;
    }
    onProgress({ type: 'started', check });
    const probe = probeOf(check.id);
    const elapsed = stopwatch();
    let verdict = await judge(check, probe);
    if (context.signal?.aborted === true) verdict = notTested('Not run to its end: interrupted.');
    const durationMs = elapsed();
    const { exchanges: sent } = probe;
    if (STAGES[check.stage].control && context.signal?.aborted !== true) {
      const alive = await vitality.control(check.id, sent.at(-1) ?? null);
      if (!alive)
        over = `Not run: the receiver died of what ${check.id} sent, and did not come back.`;
    }
    const result = finish(check, { verdict, exchanges: sent, durationMs });
    if (check.stage === 'preflight' && result.status !== 'pass') {
      over ??= `Says nothing until ${check.id} passes.`;
    }
  };

  const runStage = async (stage: Stage): Promise<void> => {
    const waiting = checks.filter(isActive).filter((check) => check.stage === stage);
    const places = STAGES[stage].parallel ? concurrency : 1;
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await runOne(next);
      }
    };
    await Promise.all(Array.from({ length: places }, work));
  };

  for (const stage of Object.keys(STAGES) as Stage[]) await runStage(stage);
  for (const check of checks) {
    if (isActive(check)) continue;
    const elapsed = stopwatch();
    const verdict = check.observe({
      exchanges,
      deaths: vitality.deaths,
      lostControls: vitality.lostControls,
      controls: vitality.controls,
      timeoutMs: plan.timeoutMs,
      secretsIn: context.redactor.find,
    });
    finish(check, { verdict, exchanges: [], durationMs: elapsed() });
  }
  return checks.map(({ id }) => results.get(id)!);
};
