/**
 * Probes of a run, and the log of everything that they exchange.
 *
 * @module
 */
import pLimit from 'p-limit';
import { seededRandom } from '../../domain/random.ts';
import type { Hook } from '../needs.ts';
import { knowsCause } from '../experiments/known-causes.ts';
import { createBacklog } from '../hooks/backlog.ts';
import { createEffectLatency } from '../hooks/effect-latency.ts';
import { primaryTypeOf } from '../judge/interests.ts';
import { createEventMaker } from '../probe/event-maker.ts';
import { createRunMemory } from '../probe/run-memory.ts';
import type { HttpClient } from '../net/http-client.ts';
import { createThrottle, type Throttle } from '../net/throttle.ts';
import { createProbe, type Probe } from '../probe/probe.ts';
import { createExchangeLog, type ExchangeLog } from './exchange-log.ts';
import { hooksWithout } from './hook-members.ts';
import { createPace, type Pace } from './pace.ts';
import { createSlowMode, MAX_IN_FLIGHT, type SlowMode } from './slow-mode.ts';
import type { RunPlan } from './plan.ts';

/** After the first timeout, a request without a valid signature waits no longer than this, so that a run ends. */
const TIMEOUT_AFTER_HANG_MS = 1000;
/**
 * Valid events get more time: on a busy machine a slow response must not be reported as a failure. Those of a burst get all
 * of it: connections that the receiver cannot accept yet are tried again by the system after 1, 3 and 7 seconds.
 */
const VALID_TIMEOUT_AFTER_HANG_MS = 3000;

/** An effect is awaited no longer than this once accepted events are known to be lost. */
const EFFECT_WITHIN_AFTER_LOSS_MS = 1000;

type ProbesPlan = Pick<RunPlan, 'context' | 'seed' | 'idSalt' | 'timeoutMs'> &
  Partial<Pick<RunPlan, 'onProgress'>>;

export interface Probes {
  /**
   * @param by id of the check, or `control`
   * @param inBurst whether the check sends bursts on purpose
   */
  create(by: string, inBurst?: boolean): Probe;
  readonly exchanges: ExchangeLog['all'];
  readonly pace: Pace;
  readonly throttle: Throttle;
  readonly slowMode: SlowMode;
}

/** Each check draws from its own random stream, so that concurrent checks do not affect it. */
const seedOf = (seed: number, name: string): number =>
  [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x0100_0193), seed);

/** @param isUnreliable whether a hook has failed its validation: probes do not get it */
export const createProbes = (
  { context, seed, idSalt, timeoutMs, onProgress }: ProbesPlan,
  isUnreliable: (hook: Hook) => boolean,
): Probes => {
  const log = createExchangeLog();
  const pace = createPace();
  const memory = createRunMemory();
  const { effects } = context.hooks;
  const latency = memory.once('effect latency', createEffectLatency);
  const backlog =
    effects === undefined ? null : createBacklog(effects, context.wall, latency.shortestMs);
  const throttle = createThrottle({
    wall: context.wall,
    signal: context.signal,
    onFirst: (waitMs) => onProgress?.({ type: 'throttled', waitMs }),
  });
  let hasHung = false;

  const slowMode = createSlowMode(pace, (answerMs) =>
    onProgress?.({ type: 'shortened', answerMs }),
  );
  const inFlight = pLimit(MAX_IN_FLIGHT);
  const crowded: HttpClient = {
    ...context.client,
    send: (request, ms) => context.client.send(request, ms, memory.usesConnectionsOnce),
  };
  const client: HttpClient = {
    ...crowded,
    send: (request, ms) => {
      inFlight.concurrency = Math.min(MAX_IN_FLIGHT, memory.maxInFlight);
      return inFlight(() => crowded.send(request, ms));
    },
  };
  return {
    throttle,
    slowMode,
    exchanges: log.all,
    pace,
    create: (by, inBurst = false) => {
      const random = seededRandom(seedOf(seed, by));
      return createProbe({
        ...context,
        hooks: hooksWithout(context.hooks, isUnreliable),
        random,
        events: createEventMaker(random, context.wall.now, {
          ...(idSalt === undefined ? {} : { salt: idSalt }),
          knownEmail: context.leadEmail,
        }),
        client: inBurst ? crowded : client,
        throttle: inBurst ? undefined : throttle,
        limits: throttle.limits,
        isSlow: slowMode.isOn,
        atOnce: slowMode.atOnce,
        backlog,
        memory,
        primaryType: () => primaryTypeOf(context),
        // Once accepted events are known to be lost, each further one would take the whole patience.
        ...(knowsCause(context, 'lost')
          ? { effectWithinMs: () => EFFECT_WITHIN_AFTER_LOSS_MS }
          : {}),
        allExchanges: () => log.all.map(({ exchange }) => exchange),
        timeoutMs: (isValid) => {
          const afterHangMs = isValid ? VALID_TIMEOUT_AFTER_HANG_MS : TIMEOUT_AFTER_HANG_MS;
          const maxMs = hasHung && !(isValid && inBurst) ? afterHangMs : timeoutMs;
          return Math.min(maxMs, timeoutMs, memory.silentPatienceMs);
        },
        seen: (exchange) => {
          log.add(by, inBurst, exchange);
          memory.seen(exchange, context.wall.now());
          throttle.note(exchange);
          if (!inBurst) pace.seen(exchange);
          if (exchange.reply.kind === 'none' && exchange.reply.cause === 'timeout') hasHung = true;
        },
      });
    },
  };
};
