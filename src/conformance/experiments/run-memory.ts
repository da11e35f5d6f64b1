/**
 * What one run has learnt so far: values that were tried, causes that experiments have shown, and what was sent since
 * the last accepted event. Checks share it, so that two checks that meet one fault report one cause.
 *
 * @module
 */
import pLimit from 'p-limit';
import type { EventType } from '../../../schemas/contract.ts';
import type { Level } from '../check.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import { isAccepted } from '../verdict.ts';
import type { Flaw } from './trial.ts';
import type { Observation } from './hypotheses.ts';

/** A cause that an experiment has shown. */
export interface Explanation {
  /** Stable and comparable: findings with the same key are one. */
  readonly key: string;
  readonly flaw: Flaw;
  readonly level: Level;
  /** The cause, as one sentence. */
  readonly cause: string;
  /** What shows it: the minimal request, the accepted control, how the answers differ. */
  readonly evidence: string;
  readonly fix: string | null;
  /** The accepted control, and last the minimal request. */
  readonly exchanges: readonly Exchange[];
  /** Whether it explains why another event has the same flaw. */
  readonly covers: (event: Event) => boolean;
  /** The same event without what decides. */
  readonly without: ((event: Event) => Event) | null;
}

export interface RunMemory {
  /** Note an exchange of any check, in the order in which they end. */
  seen(exchange: Exchange): void;
  /** Requests so far. */
  readonly requests: number;
  /** Since the last accepted correctly signed event, oldest first; a bounded number. */
  readonly sinceAccepted: readonly Exchange[];
  observe(type: EventType, field: string, one: Observation): void;
  observations(type: EventType, field: string): readonly Observation[];
  readonly explanations: readonly Explanation[];
  add(explanation: Explanation): void;
  /** The cause that is known already for this event's flaw; null when it is new. */
  explanationOf(event: Event, flaw: Flaw): Explanation | null;
  /** Do something once in a run; who asks later gets the same result. */
  once<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Run one experiment at a time: two side by side would disturb each other and find the same cause twice. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

const MAX_SINCE = 20;

export const createRunMemory = (): RunMemory => {
  const observations = new Map<string, Observation[]>();
  const explanations: Explanation[] = [];
  const done = new Map<string, Promise<unknown>>();
  const turn = pLimit(1);
  let requests = 0;
  let since: Exchange[] = [];
  const keyOf = (type: EventType, field: string): string => `${type} ${field}`;
  return {
    seen: (exchange) => {
      requests += 1;
      if (isAccepted(exchange)) since = [];
      else if (since.length < MAX_SINCE) since.push(exchange);
    },
    get requests() {
      return requests;
    },
    get sinceAccepted() {
      return since;
    },
    observe: (type, field, one) => {
      const key = keyOf(type, field);
      const before = observations.get(key);
      if (before === undefined) observations.set(key, [one]);
      else before.push(one);
    },
    observations: (type, field) => observations.get(keyOf(type, field)) ?? [],
    explanations,
    add: (explanation) => {
      if (explanations.every(({ key }) => key !== explanation.key)) explanations.push(explanation);
    },
    explanationOf: (event, flaw) =>
      explanations.find((one) => one.flaw === flaw && one.covers(event)) ?? null,
    once: <T>(name: string, work: () => Promise<T>): Promise<T> => {
      const before = done.get(name) as Promise<T> | undefined;
      if (before !== undefined) return before;
      const made = work();
      done.set(name, made);
      return made;
    },
    inTurn: (work) => turn(work),
  };
};
