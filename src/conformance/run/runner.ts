/**
 * Runs checks stage by stage, watches whether the receiver lives, and writes everything down. Decides nothing about
 * receivers itself: that is what checks are for.
 *
 * @module
 */
import {
  isActive,
  STAGES,
  type ActiveCheck,
  type Check,
  type Hook,
  type Verdict,
} from '../check.ts';
import { notReached, orGiveUp, type Deadline } from './cut-off.ts';
import { createPace } from './pace.ts';
import { createSchedule, waitsFor, type Phase } from './schedule.ts';
import { createExchangeLog } from './exchange-log.ts';
import type { Progress } from '../options.ts';
import { hasHook, hooksWithout } from './hook-members.ts';
import { seededRandom } from '../../domain/random.ts';
import { BehindError, createBacklog } from '../hooks/backlog.ts';
import { createEventMaker } from '../probe/event-maker.ts';
import type { Exchange } from '../net/exchange.ts';
import { createProbe, type Probe, type ProbeContext } from '../probe/probe.ts';
import { sleep } from '../hooks/hooks.ts';
import type { CheckResult } from '../report.ts';
import { toResult, type Ran } from './run-check.ts';
import { stopwatch } from '../net/stopwatch.ts';
import { explainVerdict } from '../experiments/explain-verdict.ts';
import { createRunMemory } from '../probe/run-memory.ts';
import { notTested, unjudged } from '../verdict.ts';
import { createLiveness, isDown, isUnreachable } from './liveness.ts';

/** What to do about a hook that is missing. */
const REMEDIES: Readonly<Record<Hook, string>> = {
  effects:
    'Needs an effects hook: --effects-url http://…/effects/{id}, which answers {"count": n}.',
  state: 'Needs a state hook: --state-url http://…/state/{lead_email}.',
  fault: 'Needs a fault hook: --fault-url, which takes {"fail": true} and {"fail": false}.',
  restart: 'Needs --restart-command, which kills the receiver and starts it again.',
  recovery:
    'Needs --recover-command or --recover-url, which runs the receiver’s recovery of dead letters once.',
  campaign:
    'Needs --pauses: the receiver takes the sandbox of --sandbox-url for the provider, and pauses campaigns there.',
};

const NO_SANDBOX =
  'Needs a sandbox that holds the dead letters: --sandbox-url, or let the command start one.';

export interface RunPlan {
  /** In the catalogue's order. */
  readonly checks: readonly Check[];
  readonly context: Omit<
    ProbeContext,
    'seen' | 'timeoutMs' | 'events' | 'random' | 'backlog' | 'memory'
  >;
  readonly seed: number;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly bail: boolean;
  /** Whether a result makes the receiver not conformant. */
  readonly counts: (result: CheckResult) => boolean;
  /** When the run must end; never unless given. */
  readonly deadline?: Deadline | undefined;
  /** A command that makes one check again; see `VerifyOptions.rerun`. */
  readonly rerun?: ((id: string) => string) | undefined;
  readonly onProgress: (progress: Progress) => void;
}

/** Each check draws from a stream of its own, so that what runs beside it changes nothing. */
const seedOf = (seed: number, name: string): number =>
  [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x0100_0193), seed);

/** A receiver that hung once is waited for no longer than this, so that a run ends. Milliseconds. */
const PATIENCE_AFTER_A_HANG_MS = 1000;
/** Not so with valid events: on a busy machine one may take longer, and that would be called a failure. */
const PATIENCE_WITH_VALID_MS = 3000;

/** With what is behind it: "fetch failed" alone says nothing. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  if (!(cause instanceof Error)) return message;
  const { code = cause.message } = cause as NodeJS.ErrnoException;
  return `${message} (${code})`;
};

export const runChecks = async (plan: RunPlan): Promise<readonly CheckResult[]> => {
  const { checks, context, concurrency, bail, counts, rerun, onProgress } = plan;
  const results = new Map<string, CheckResult>();
  const log = createExchangeLog();
  let hung = false;
  /** Why nothing more can be tested; null while something can. */
  let over: string | null = null;
  /** Which check has closed the gate: what the others have seen then says nothing new either. */
  let closed: string | null = null;

  const pace = createPace();
  const memory = createRunMemory();
  const isOver = (): boolean => context.signal?.aborted === true;
  const cutOff = (begun: boolean): Verdict =>
    notReached(
      plan.deadline?.cutOff() ?? 'interruption',
      plan.deadline?.budgetMs ?? Infinity,
      begun,
    );

  const { effects } = context.hooks;
  const backlog = effects === undefined ? null : createBacklog(effects, context.wall);

  /** Why a hook is not to be relied on; null when it is, or nobody has tried it. */
  const doubtOf = (hook: Hook): string | null => {
    const voucher = checks.find((check) => isActive(check) && check.vouches === hook);
    const tried = voucher === undefined ? undefined : results.get(voucher.id);
    if (tried === undefined || tried.status === 'pass') return null;
    const why = tried.actual ?? tried.reason ?? tried.status;
    return `The ${hook} hook cannot be relied on, see ${tried.id}: ${why}`;
  };

  const probeOf = (by: string, inCrowd = false): Probe => {
    const random = seededRandom(seedOf(plan.seed, by));
    return createProbe({
      ...context,
      hooks: hooksWithout(context.hooks, (hook) => doubtOf(hook) !== null),
      random,
      events: createEventMaker(random, context.wall.now),
      backlog,
      memory,
      timeoutMs: (isValid) => {
        const most = isValid ? PATIENCE_WITH_VALID_MS : PATIENCE_AFTER_A_HANG_MS;
        return hung ? Math.min(most, plan.timeoutMs) : plan.timeoutMs;
      },
      seen: (exchange: Exchange) => {
        log.add(by, inCrowd, exchange);
        memory.seen(exchange);
        if (!inCrowd) pace.seen(exchange);
        if (exchange.reply.kind === 'none' && exchange.reply.cause === 'timeout') hung = true;
      },
    });
  };
  const liveness = createLiveness(probeOf('control'), context.wall);

  const finish = (check: Check, ran: Ran): CheckResult => {
    const result = toResult(check, ran, { ...context, rerun });
    results.set(check.id, result);
    onProgress({ type: 'finished', check, result });
    if (bail && over === null && counts(result)) over = `Not run: --bail, after ${check.id}.`;
    return result;
  };

  const missingHook = ({ needs = [] }: ActiveCheck): string | null => {
    const missing = needs.find((hook) => !hasHook(context.hooks, hook));
    if (missing !== undefined) return REMEDIES[missing];
    return needs.includes('recovery') && context.sandbox === undefined ? NO_SANDBOX : null;
  };

  const skipReason = (check: ActiveCheck): string | null => {
    const { needs = [], after = [] } = check;
    if (over !== null) return over;
    const missing = missingHook(check);
    if (missing !== null) return missing;
    const doubt = needs.map(doubtOf).find((reason) => reason !== null);
    if (doubt !== undefined) return doubt;
    const failed = after.find((id) => {
      const status = results.get(id)?.status;
      return status !== undefined && status !== 'pass';
    });
    return failed === undefined ? null : `Says nothing new until ${failed} passes.`;
  };

  const judge = async (check: ActiveCheck, probe: Probe): Promise<Verdict> => {
    try {
      const judged = check.run(probe).then((verdict) => explainVerdict(probe, check, verdict));
      const verdict = await orGiveUp(judged, context.wall, context.signal);
      return verdict === null || isOver() ? cutOff(true) : verdict;
    } catch (error) {
      if (isOver()) return cutOff(true);
      if (error instanceof BehindError) return notTested(error.message);
      return unjudged(`${check.id} could not be judged: ${reasonOf(error)}`);
    }
  };

  /** Looks whether the receiver lives after what was sent. A restart on purpose is no death. */
  const lookAfter = async (check: ActiveCheck, sent: readonly Exchange[]): Promise<void> => {
    if (isOver() || 'gate' in STAGES[check.stage]) return;
    if (check.needs?.includes('restart') === true) {
      if (!(await liveness.isBack())) {
        over ??= `Not run: the receiver did not come back after the restart of ${check.id}.`;
      }
      return;
    }
    // Without a control of its own, a check tells by what was cut off.
    const cut = sent.find(isUnreachable);
    if (!STAGES[check.stage].control && cut === undefined) return;
    // In a crowd, some systems refuse what is more than they can hold.
    const wasDown = !('crowd' in STAGES[check.stage]) && sent.some(isDown);
    const alive = await liveness.control(check.id, cut ?? sent.at(-1) ?? null, wasDown);
    if (!alive)
      over ??= `Not run: the receiver died of what ${check.id} sent, and did not come back.`;
  };

  const runOne = async (check: ActiveCheck): Promise<void> => {
    const reason = skipReason(check);
    if (reason !== null || isOver()) {
      const verdict = reason === null ? cutOff(false) : notTested(reason);
      finish(check, { verdict, exchanges: [], durationMs: 0 });
      return;
    }
    onProgress({ type: 'started', check });
    const probe = probeOf(check.id, 'crowd' in STAGES[check.stage]);
    const elapsed = stopwatch();
    const deathsBefore = liveness.deaths.length;
    let verdict = await judge(check, probe);
    const durationMs = elapsed();
    const { exchanges: sent } = probe;
    try {
      await lookAfter(check, sent);
    } catch (error) {
      if (!isOver()) verdict = unjudged(`${check.id} could not be judged: ${reasonOf(error)}`);
    }
    // What was cut off by a death says nothing of what was asked: one cause, one finding.
    if (verdict.status === 'fail' && liveness.deaths.length > deathsBefore) {
      const { exchanges: shown = sent } = verdict;
      if (shown.some(isUnreachable)) {
        verdict = notTested('The receiver died meanwhile: see http/survives.');
      }
    }
    const result = finish(check, { verdict, exchanges: sent, durationMs });
    if ('gate' in STAGES[check.stage] && result.status !== 'pass') {
      closed ??= `Says nothing until ${check.id} passes.`;
      over ??= closed;
    }
  };

  const runPhase = async ({ stage, checks: all }: Phase): Promise<void> => {
    const waiting = [...all];
    const places = STAGES[stage].parallel ? concurrency : 1;
    const running = new Map<string, Promise<void>>();
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const check = next;
        // What it waits for was taken from the list before it, so that it cannot wait for ever.
        const earlier = all.filter((one) => waitsFor(check, one));
        const before = Promise.all(earlier.flatMap(({ id }) => running.get(id) ?? []));
        const ran = before.then(() => runOne(check));
        running.set(check.id, ran);
        await ran;
      }
    };
    await Promise.all(Array.from({ length: places }, work));
  };

  const schedule = createSchedule(checks.filter(isActive));
  let announced = false;
  /** Whether the budget will probably not last for the rest. */
  const isShort = (): boolean => {
    const remainingMs = plan.deadline?.remainingMs() ?? Infinity;
    const runnable = schedule.remaining.filter((check) => skipReason(check) === null).length;
    const estimateMs = pace.estimateMs(runnable);
    if (estimateMs <= remainingMs || isOver()) return false;
    if (!announced) {
      onProgress({ type: 'slow', answerMs: pace.averageMs(), estimateMs, remainingMs });
    }
    announced = true;
    return true;
  };
  for (let phase = schedule.next(false); phase !== undefined; phase = schedule.next(isShort())) {
    await runPhase(phase);
  }
  /** What only looks at the others has seen enough once everything that bears on MUST was run. */
  const isPartial = [...results.values()].some(
    (result) => result.cut_off !== null && result.level === 'MUST',
  );
  for (const check of checks) {
    if (isActive(check)) continue;
    if (closed !== null) {
      finish(check, { verdict: notTested(closed), exchanges: [], durationMs: 0 });
      continue;
    }
    // A search through all answers takes a while: a signal is to be seen between two of them.
    await sleep(context.wall, 0);
    const elapsed = stopwatch();
    const seen = check.observe({
      exchanges: log.all,
      deaths: liveness.deaths,
      lostControls: liveness.lostControls,
      controls: liveness.controls,
      timeoutMs: plan.timeoutMs,
      secretsIn: context.redactor.find,
    });
    const verdict = seen.status === 'pass' && isPartial ? cutOff(true) : seen;
    finish(check, { verdict, exchanges: [], durationMs: elapsed() });
  }
  return checks.map(({ id }) => results.get(id)!);
};
