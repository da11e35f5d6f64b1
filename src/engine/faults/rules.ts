/**
 * Fault rules of one account, and the faults chosen for deliveries that await their first attempt. Kept in memory, so
 * rules live as long as the process. Random draws come from the account's seed.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Millis, WebhookKey } from '../../domain/delivery.ts';
import { HOLDS_BACK, type FaultLabel, type FaultName } from '../../domain/fault.ts';
import { seededRandom } from '../../domain/random.ts';

/** Rules per account. */
export const MAX_RULES = 100;
/** Decisions kept; the oldest is dropped first. One whose webhook was deleted is never claimed. */
const MAX_DECISIONS = 100_000;

/** Default delay of the first attempt, by fault. */
const DEFAULT_HOLD_MS: Readonly<Partial<Record<FaultName, Millis>>> = {
  reorder: 60_000,
  delay: 300_000,
  burst: 60_000,
};
/** Deliveries released together by a `burst`. */
const DEFAULT_BURST = 20;

export interface NewRule {
  readonly fault: FaultName;
  readonly event?: EventType | undefined;
  readonly webhookId?: string | undefined;
  /** Apply to the nth matching delivery only, counted from 1. */
  readonly nth?: number | undefined;
  /** Greater than 0, at most 1. */
  readonly probability: number;
  /** Maximum number of applications; null for no limit. */
  readonly times: number | null;
  /** `delay`, `reorder` and `burst` only: virtual milliseconds by which the first attempt is delayed. */
  readonly delayMs?: Millis | undefined;
  /** `burst` only: maximum number of deliveries released together. */
  readonly count?: number | undefined;
}

export interface FaultRule extends NewRule {
  /** `flt_…` */
  readonly id: string;
  /** Applications so far. */
  readonly applied: number;
}

/** The fault chosen for one delivery. */
export interface Decision extends FaultLabel {
  /** Virtual milliseconds by which the first attempt is delayed. */
  readonly holdMs: Millis;
  /** The delivery is itself the second one of a `duplicate`, so it is not repeated. */
  readonly isRepeat: boolean;
}

interface RuleState {
  rule: FaultRule;
  /** Matching deliveries so far. */
  matched: number;
  /** The burst being held back. */
  burst: { readonly until: Millis; left: number } | null;
}

export interface FaultRules {
  /** Whether there are any rules. */
  readonly active: () => boolean;
  /** @returns null if the account already has {@link MAX_RULES} rules */
  add(rule: NewRule): FaultRule | null;
  list(): readonly FaultRule[];
  get(id: string): FaultRule | null;
  remove(id: string): FaultRule | null;
  /** Remove all rules and decisions. */
  clear(): void;
  /** Choose a fault for a delivery published at `at`; null for none. */
  decide(event: EventType, webhookId: string, at: Millis): Decision | null;
  /** Keep a decision until the first attempt. */
  keep(webhook: WebhookKey, eventId: string, decision: Decision): void;
  /** Whether any decision is kept. */
  readonly hasDecisions: () => boolean;
  /** Remove and return the decision of a delivery that is sent now; null for no fault. */
  take(webhook: WebhookKey, eventId: string): Decision | null;
}

const holdOf = (state: RuleState, at: Millis): Millis => {
  const { fault, delayMs, count } = state.rule;
  const hold = delayMs ?? DEFAULT_HOLD_MS[fault] ?? 0;
  if (fault !== 'burst') return hold;
  if (state.burst === null || state.burst.until <= at || state.burst.left === 0) {
    state.burst = { until: at + hold, left: count ?? DEFAULT_BURST };
  }
  state.burst.left -= 1;
  return state.burst.until - at;
};

export const createFaultRules = (seed: number): FaultRules => {
  const random = seededRandom(seed ^ 0x00fa_0175);
  const rules = new Map<string, RuleState>();
  const decisions = new Map<string, Decision>();
  let lastId = 0;

  const keyOf = (webhook: WebhookKey, eventId: string): string => `${webhook} ${eventId}`;

  const applies = (state: RuleState, event: EventType, webhookId: string): boolean => {
    const { rule } = state;
    if (rule.event !== undefined && rule.event !== event) return false;
    if (rule.webhookId !== undefined && rule.webhookId !== webhookId) return false;
    state.matched += 1;
    if (rule.nth !== undefined && rule.nth !== state.matched) return false;
    if (rule.times !== null && rule.applied >= rule.times) return false;
    return rule.probability === 1 || random() < rule.probability;
  };

  return {
    active: () => rules.size > 0,
    add: (rule) => {
      if (rules.size >= MAX_RULES) return null;
      const added: FaultRule = { ...rule, id: `flt_${(lastId += 1)}`, applied: 0 };
      rules.set(added.id, { rule: added, matched: 0, burst: null });
      return added;
    },
    list: () => [...rules.values()].map(({ rule }) => rule),
    get: (id) => rules.get(id)?.rule ?? null,
    remove: (id) => {
      const rule = rules.get(id)?.rule ?? null;
      rules.delete(id);
      return rule;
    },
    clear: () => {
      rules.clear();
      decisions.clear();
    },
    decide: (event, webhookId, at) => {
      let decision: Decision | null = null;
      for (const state of rules.values()) {
        // Every matching rule counts and draws, so that no rule shifts the draws of another. The first one wins.
        if (!applies(state, event, webhookId) || decision !== null) continue;
        const { id, fault } = state.rule;
        state.rule = { ...state.rule, applied: state.rule.applied + 1 };
        const holdMs = HOLDS_BACK.has(fault) ? holdOf(state, at) : 0;
        decision = { name: fault, rule: id, holdMs, isRepeat: false };
      }
      return decision;
    },
    keep: (webhook, eventId, decision) => {
      decisions.set(keyOf(webhook, eventId), decision);
      if (decisions.size <= MAX_DECISIONS) return;
      const [oldest] = decisions.keys();
      if (oldest !== undefined) decisions.delete(oldest);
    },
    hasDecisions: () => decisions.size > 0,
    take: (webhook, eventId) => {
      const key = keyOf(webhook, eventId);
      const decision = decisions.get(key) ?? null;
      decisions.delete(key);
      return decision;
    },
  };
};
