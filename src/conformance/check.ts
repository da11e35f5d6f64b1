/**
 * The check type: data, and one function that returns a verdict.
 *
 * @module
 */
import type { Observed } from './run/observed.ts';
import type { Exchange } from './net/exchange.ts';
import type { Hook, Reason } from './needs.ts';
import type { Probe } from './probe/probe.ts';

export type Area = 'signature' | 'content' | 'http' | 'delivery' | 'domain' | 'performance';

/**
 * Severity of a failure, and the basis that a check of this level needs.
 *
 * - `MUST`: loss, duplicate effects or forgery with requests that are documented or sent today. The basis is a sentence
 *   of the provider's guide, or what is sent today: the strict form of the schemas, and how HTTP transports it.
 * - `SHOULD`: other trouble, or loss with requests that may be sent in the future. Robustness to new fields, values or
 *   event types, or to undocumented sizes and lengths, is never more than a SHOULD. An enum in the guide lists what is
 *   sent today, so values beyond it are a SHOULD.
 * - `INFO`: worth knowing, never scored.
 *
 * {@link Requirement.source} names the basis; `test/conformance/levels.test.ts` verifies it for every check.
 */
export type Level = 'MUST' | 'SHOULD' | 'INFO';

interface StageRules {
  readonly parallel: boolean;
  readonly control: boolean;
  /** A prerequisite: no other check runs until its checks have passed, so that one cause gives one finding. */
  readonly gate?: boolean;
  /** Sends many requests concurrently, on purpose. */
  readonly crowd?: boolean;
  /** Which findings a single request reproduces: where effects are judged, only refusals. */
  readonly reproducibleBySingleRequest: 'fault' | 'refusal' | 'nothing';
}

/**
 * Stages, in execution order. Checks of a parallel stage run concurrently. In the other stages one check runs at a time;
 * in a stage with `control`, a fresh valid event must be accepted after each check.
 */
export const STAGES = {
  /** Whether the target is reachable. */
  reach: { parallel: false, control: false, gate: true, reproducibleBySingleRequest: 'fault' },
  /** The plain valid event. */
  preflight: { parallel: false, control: false, gate: true, reproducibleBySingleRequest: 'fault' },
  /** Valid events in every legal form. */
  valid: { parallel: true, control: false, reproducibleBySingleRequest: 'fault' },
  /** Forgeries. */
  negative: { parallel: false, control: true, reproducibleBySingleRequest: 'fault' },
  /** Requests that may crash a fragile receiver. */
  risky: { parallel: false, control: true, reproducibleBySingleRequest: 'fault' },
  /** Short sequences of requests, one at a time: what they show explains failures of later stages. */
  sequences: { parallel: false, control: true, reproducibleBySingleRequest: 'refusal' },
  /** Valid events whose effects are verified. */
  effects: { parallel: true, control: false, reproducibleBySingleRequest: 'refusal' },
  /** Disturbances: faults, restarts, dead letters. */
  disturbing: { parallel: false, control: true, reproducibleBySingleRequest: 'nothing' },
  /** Concurrent requests; only failures are conclusive. */
  load: { parallel: false, control: true, crowd: true, reproducibleBySingleRequest: 'nothing' },
  /** Enough events that a queue takes a while to drain. */
  flood: { parallel: false, control: true, crowd: true, reproducibleBySingleRequest: 'nothing' },
  /** Looks back on the whole run: repeats of its first events, effects of its forgeries. */
  review: { parallel: false, control: true, crowd: true, reproducibleBySingleRequest: 'nothing' },
} as const satisfies Readonly<Record<string, StageRules>>;

export type Stage = keyof typeof STAGES;

export interface Requirement {
  /** The rule of the contract, as one sentence. */
  readonly text: string;
  /** Where the contract states it, such as `guide, "Step 2: Verify the signature"`, or `sent today: …` where the guide is silent. */
  readonly source: string;
}

/** Why a run ended early: its time budget was exhausted, or the user interrupted it. */
export type CutOff = 'budget' | 'interruption';

/** A valid event was refused, had no effect or more than one, or left a wrong state; or a forgery had an effect. */
export type Symptom = 'forged' | 'refused' | 'doubled' | 'lost' | 'state';

export type Verdict =
  | {
      readonly status: 'pass';
      /** A measurement or observation for the report. */
      readonly note?: string;
    }
  | {
      readonly status: 'fail';
      /** All acceptable outcomes. */
      readonly expected: readonly string[];
      /** What happened instead, in one line. */
      readonly actual: string;
      /** The likely cause, if the observation is more specific than the check's own `cause`. */
      readonly diagnosis?: string;
      /** The remedy, if it is more specific than the check's own `fix`. */
      readonly fix?: string;
      /** A lower level than the check's own, if the observation is less severe. */
      readonly level?: Level;
      /** What happened to valid events: an experiment on the same symptom may know the cause. */
      readonly symptom?: Symptom;
      /** The cause that an experiment has shown, stable and comparable: failures with the same key are one finding. */
      readonly key?: string;
      /** The check whose subject the cause is; default: this one. */
      readonly owner?: string;
      /** Exchanges that show the failure, the plainest last; default: all exchanges of the check. */
      readonly exchanges?: readonly Exchange[];
      /** What the receiver's own process wrote last. */
      readonly log?: string;
    }
  | {
      readonly status: 'not_tested';
      /** Why, and what would make it testable. */
      readonly reason: Reason;
      /** The run ended before the check did. */
      readonly cutOff?: CutOff;
    }
  | {
      /** The check could not run, so nothing is known about the receiver. */
      readonly status: 'error';
      readonly reason: string;
    };

interface CheckData {
  /** `area/name`: the path of its file. */
  readonly id: `${Area}/${string}`;
  readonly level: Level;
  /** What a correct receiver does, as a sentence: "Rejects an event without a signature". */
  readonly title: string;
  readonly requirement: Requirement;
  /** The most common cause of a failure. */
  readonly cause: string;
  /** The remedy, by framework where known. */
  readonly fix: string;
  /** Names of the mutant receivers that it must catch. */
  readonly catches: readonly string[];
}

/** A check that sends requests. */
export interface ActiveCheck extends CheckData {
  readonly stage: Stage;
  /** Hooks without which the check is not tested. */
  readonly needs?: readonly Hook[];
  /** The hook that this check validates. Until it passes, checks that need the hook are not tested. */
  readonly validates?: Hook;
  /** Judges rate limits itself. In other checks, a limited response is no finding: they are repeated, or not tested. */
  readonly judgesLimits?: boolean;
  /** Mostly waits: begins first in its stage, and others run meanwhile. */
  readonly isLong?: boolean;
  /** Ids of checks that must pass first; otherwise this one is not meaningful. */
  readonly after?: readonly string[];
  run(probe: Probe): Promise<Verdict>;
}

/** A check that judges everything the other checks exchanged. */
export interface PassiveCheck extends CheckData {
  observe(observed: Observed): Verdict;
}

export type Check = ActiveCheck | PassiveCheck;

/**
 * Define a check; the identity function with type inference.
 *
 * @example
 * ```ts
 * export const check = defineCheck({
 *   id: 'signature/missing-header',
 *   // …
 *   run: (probe) => judgeForgeries(probe, [{ name: 'no header', signature: null }]),
 * });
 * ```
 */
export const defineCheck = <T extends Check>(check: T): T => check;

export const isActive = (check: Check): check is ActiveCheck => 'run' in check;

export const areaOf = ({ id }: Pick<Check, 'id'>): Area => id.slice(0, id.indexOf('/')) as Area;
