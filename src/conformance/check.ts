/**
 * What a check is: data, and one function that gives a verdict.
 *
 * @module
 */
import type { Observed } from './run/observed.ts';
import type { Exchange } from './net/exchange.ts';
import type { Probe } from './probe/probe.ts';

export type Area = 'signature' | 'content' | 'http' | 'delivery' | 'domain' | 'performance';

/**
 * How grave a failure is, and what a check may rest on.
 *
 * - `MUST`: loss, double effect or forgery, with what is documented or sent today. It rests on a sentence of the
 *   provider's guide, or on what is sent today: the strict form of the schemas, and how HTTP carries it.
 * - `SHOULD`: trouble; or loss with what may come one day. Robustness to a member, a value or a type of event that is
 *   new, or to a size or a length that is not documented, is never more than this. "Is one of" in the guide says what
 *   is sent today, so a value beyond the list is a SHOULD.
 * - `INFO`: worth knowing, never scored.
 *
 * Which of both it rests on stands in {@link Requirement.source}; `test/conformance/levels.test.ts` holds every check
 * to it.
 */
export type Level = 'MUST' | 'SHOULD' | 'INFO';

/** What a check can only see with the user's help. */
export type Hook = 'effects' | 'state' | 'fault' | 'restart' | 'recovery' | 'campaign';

interface StageRules {
  readonly parallel: boolean;
  readonly control: boolean;
  /** Nothing else is worth knowing until its checks have passed: one cause, one finding. */
  readonly gate?: boolean;
  /** Very many at a time, on purpose. */
  readonly crowd?: boolean;
  /** Whether a single request, sent again, shows a fault once more: where effects are judged, only a refusal does. */
  readonly oneShows: 'fault' | 'refusal' | 'nothing';
}

/**
 * When a check runs: in this order. Those of one parallel stage run side by side; in the others one runs at a time,
 * and a fresh valid event must be accepted after each.
 */
export const STAGES = {
  /** Whether anybody is there. */
  reach: { parallel: false, control: false, gate: true, oneShows: 'fault' },
  /** The plain valid event. */
  preflight: { parallel: false, control: false, gate: true, oneShows: 'fault' },
  /** Valid events, in every form that is legal. */
  valid: { parallel: true, control: false, oneShows: 'fault' },
  /** Forgeries. */
  negative: { parallel: false, control: true, oneShows: 'fault' },
  /** What may take a fragile receiver down. */
  risky: { parallel: false, control: true, oneShows: 'fault' },
  /** Valid events whose effects are looked at. */
  effects: { parallel: true, control: false, oneShows: 'refusal' },
  /** What disturbs the receiver: faults, restarts, dead letters. */
  disturbing: { parallel: false, control: true, oneShows: 'nothing' },
  /** Many at once; only failures are conclusive. */
  load: { parallel: false, control: true, crowd: true, oneShows: 'nothing' },
  /** So many that a queue needs its time for them. */
  flood: { parallel: false, control: true, crowd: true, oneShows: 'nothing' },
} as const satisfies Readonly<Record<string, StageRules>>;

export type Stage = keyof typeof STAGES;

export interface Requirement {
  /** What the contract says, in a sentence. */
  readonly text: string;
  /** Where it says so, such as `guide, "Step 2: Verify the signature"`, or `sent today: …` for what the guide leaves open. */
  readonly source: string;
}

/** Why a run ended before every check was reached: its time budget was spent, or the user interrupted it. */
export type CutOff = 'budget' | 'interruption';

export type Verdict =
  | {
      readonly status: 'pass';
      /** A figure or an observation worth showing. */
      readonly note?: string;
    }
  | {
      readonly status: 'fail';
      /** Every answer that would have been right. */
      readonly expected: readonly string[];
      /** What happened in place of it, in one line. */
      readonly actual: string;
      /** The likely cause, when what was seen tells more than the check's own text. */
      readonly diagnosis?: string;
      /** How to mend it, when more is known than the check's own text says. */
      readonly fix?: string;
      /** What was seen is less grave than the check's level. */
      readonly level?: Level;
      /** What an experiment has shown: findings with the same key are one. Stable and comparable. */
      readonly key?: string;
      /** The exchanges that show it, the plainest last; those of the check unless given. */
      readonly exchanges?: readonly Exchange[];
    }
  | {
      readonly status: 'not_tested';
      /** Why, and the one thing that would make it testable. */
      readonly reason: string;
      /** The run ended before the check did. */
      readonly cutOff?: CutOff;
    }
  | {
      /** Neither right nor wrong: nothing could be learnt of the receiver. */
      readonly status: 'error';
      readonly reason: string;
    };

interface CheckData {
  /** `area/name`: the path of its file. */
  readonly id: `${Area}/${string}`;
  readonly level: Level;
  /** What a right receiver does, as a sentence: "Rejects an event without a signature". */
  readonly title: string;
  readonly requirement: Requirement;
  /** What is wrong when it fails, most often. */
  readonly cause: string;
  /** How to mend it; by framework where known. */
  readonly fix: string;
  /** Names of the mutant receivers that it must catch. */
  readonly catches: readonly string[];
}

/** A check that sends something. */
export interface ActiveCheck extends CheckData {
  readonly stage: Stage;
  /** Without one of these it is not tested. */
  readonly needs?: readonly Hook[];
  /** It shows whether this hook does what it is there for: until it passes, nothing that rests on the hook is tested. */
  readonly vouches?: Hook;
  /** Ids of checks without whose passing this one would say nothing new. */
  readonly after?: readonly string[];
  run(probe: Probe): Promise<Verdict>;
}

/** A check that looks at everything the others have seen. */
export interface PassiveCheck extends CheckData {
  observe(observed: Observed): Verdict;
}

export type Check = ActiveCheck | PassiveCheck;

/**
 * States a check; the types do the rest.
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
