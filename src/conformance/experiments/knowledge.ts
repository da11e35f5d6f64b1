/**
 * What one run has learnt so far: values that were tried, and causes that experiments have shown. Checks share it, so
 * that two checks that meet one fault report one cause.
 *
 * @module
 */
import pLimit from 'p-limit';
import type { EventType } from '../../../schemas/contract.ts';
import type { Level } from '../check.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import type { Flaw } from './trial.ts';
import type { Observation } from './hypotheses.ts';

/** A cause that an experiment has shown. */
export interface Explanation {
  /** Stable and comparable: findings with the same key are one. */
  readonly key: string;
  readonly flaw: Flaw;
  /** What decides, whatever the field: explanations with the same one have the same key. */
  readonly law?: string | null;
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

export interface Knowledge {
  observe(type: EventType, field: string, one: Observation): void;
  observations(type: EventType, field: string): readonly Observation[];
  readonly explanations: readonly Explanation[];
  add(explanation: Explanation): void;
  /** The cause that is known already for this event's flaw; null when it is new. */
  explanationOf(event: Event, flaw: Flaw): Explanation | null;
  /** Run one experiment at a time: two side by side would disturb each other and find the same cause twice. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

const createKnowledge = (): Knowledge => {
  const observations = new Map<string, Observation[]>();
  const explanations: Explanation[] = [];
  const turn = pLimit(1);
  const keyOf = (type: EventType, field: string): string => `${type} ${field}`;
  return {
    observe: (type, field, one) => {
      const key = keyOf(type, field);
      const before = observations.get(key);
      if (before === undefined) observations.set(key, [one]);
      else before.push(one);
    },
    observations: (type, field) => observations.get(keyOf(type, field)) ?? [],
    explanations,
    add: (explanation) => {
      explanations.push(explanation);
    },
    explanationOf: (event, flaw) =>
      explanations.find((one) => one.flaw === flaw && one.covers(event)) ?? null,
    inTurn: (work) => turn(work),
  };
};

/** Why a receiver refuses every event by now; null while it does not. */
export const changedStateOf = (probe: Probe): Explanation | null =>
  knowledgeOf(probe).explanations.find(({ key }) => key.startsWith('state:')) ?? null;

/** By what a run has only one of. */
const known = new WeakMap<Probe['signing'], Knowledge>();

/** The knowledge of the run to which a probe belongs. */
export const knowledgeOf = ({ signing }: Pick<Probe, 'signing'>): Knowledge => {
  const knowledge = known.get(signing) ?? createKnowledge();
  known.set(signing, knowledge);
  return knowledge;
};
