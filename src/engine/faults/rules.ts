/**
 * The rules of one account by which things go wrong, and what was decided for deliveries that wait for their first
 * attempt. In memory: rules live as long as the process. The draws come from the account's seed.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Millis, WebhookKey } from '../../domain/delivery.ts';
import { HOLDS_BACK, type FaultLabel, type FaultName } from '../../domain/fault.ts';
import { seededRandom } from '../../domain/random.ts';

/** More rules than these are refused. */
export const MAX_RULES = 100;
/** What is decided and never attempted, because its webhook went, is forgotten when so much is remembered. */
const MAX_DECIDED = 100_000;

/** How long each holds back unless told otherwise. */
const HOLDS: Readonly<Partial<Record<FaultName, Millis>>> = {
  reorder: 60_000,
  delay: 300_000,
  burst: 60_000,
};
const BURST = 20;

export interface NewRule {
  readonly fault: FaultName;
  readonly event?: EventType | undefined;
  readonly webhookId?: string | undefined;
  /** Only the delivery with this number among those that match, from 1. */
  readonly nth?: number | undefined;
  /** More than 0, up to 1. */
  readonly probability: number;
  /** How often at the most; null for no limit. */
  readonly times: number | null;
  /** Of `delay`, `reorder` and `burst`: for how long. */
  readonly delayMs?: Millis | undefined;
  /** Of `burst`: how many at the most. */
  readonly count?: number | undefined;
}

export interface FaultRule extends NewRule {
  /** `flt_…` */
  readonly id: string;
  /** How often it was applied. */
  readonly applied: number;
}

/** What is to go wrong with one delivery. */
export interface Decision extends FaultLabel {
  /** Milliseconds by which the first attempt comes later. */
  readonly holdMs: Millis;
  /** It is the second one of a `duplicate`. */
  readonly echo: boolean;
}

interface Kept {
  rule: FaultRule;
  /** Deliveries that it matched. */
  matched: number;
  /** The burst that is being held back. */
  burst: { readonly until: Millis; left: number } | null;
}

export interface FaultRules {
  /** Whether there is anything to decide. */
  readonly active: () => boolean;
  /** @returns null when there are as many as there may be */
  add(rule: NewRule): FaultRule | null;
  list(): readonly FaultRule[];
  get(id: string): FaultRule | null;
  remove(id: string): FaultRule | null;
  clear(): void;
  /** What goes wrong with a delivery that is published at `at`; null for nothing. */
  decide(event: EventType, webhookId: string, at: Millis): Decision | null;
  /** Keeps a decision until the first attempt is made. */
  keep(webhook: WebhookKey, eventId: string, decision: Decision): void;
  /** Whether any decision is kept. */
  readonly waiting: () => boolean;
  take(webhook: WebhookKey, eventId: string): Decision | null;
}

const holdOf = (kept: Kept, at: Millis): Millis => {
  const { fault, delayMs, count } = kept.rule;
  const hold = delayMs ?? HOLDS[fault] ?? 0;
  if (fault !== 'burst') return hold;
  if (kept.burst === null || kept.burst.until <= at || kept.burst.left === 0) {
    kept.burst = { until: at + hold, left: count ?? BURST };
  }
  kept.burst.left -= 1;
  return kept.burst.until - at;
};

export const createFaultRules = (seed: number): FaultRules => {
  const random = seededRandom(seed ^ 0x00fa_0175);
  const rules = new Map<string, Kept>();
  const decided = new Map<string, Decision>();
  let made = 0;

  const keyOf = (webhook: WebhookKey, eventId: string): string => `${webhook} ${eventId}`;

  const applies = (kept: Kept, event: EventType, webhookId: string): boolean => {
    const { rule } = kept;
    if (rule.event !== undefined && rule.event !== event) return false;
    if (rule.webhookId !== undefined && rule.webhookId !== webhookId) return false;
    kept.matched += 1;
    if (rule.nth !== undefined && rule.nth !== kept.matched) return false;
    if (rule.times !== null && rule.applied >= rule.times) return false;
    return rule.probability === 1 || random() < rule.probability;
  };

  return {
    active: () => rules.size > 0,
    add: (rule) => {
      if (rules.size >= MAX_RULES) return null;
      const kept: FaultRule = { ...rule, id: `flt_${(made += 1)}`, applied: 0 };
      rules.set(kept.id, { rule: kept, matched: 0, burst: null });
      return kept;
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
      decided.clear();
    },
    decide: (event, webhookId, at) => {
      let decision: Decision | null = null;
      for (const kept of rules.values()) {
        // Every rule that matches counts and draws, so that one does not move the draws of another; the first wins.
        if (!applies(kept, event, webhookId) || decision !== null) continue;
        const { id, fault } = kept.rule;
        kept.rule = { ...kept.rule, applied: kept.rule.applied + 1 };
        const holdMs = HOLDS_BACK.has(fault) ? holdOf(kept, at) : 0;
        decision = { name: fault, rule: id, holdMs, echo: false };
      }
      return decision;
    },
    keep: (webhook, eventId, decision) => {
      decided.set(keyOf(webhook, eventId), decision);
      if (decided.size <= MAX_DECIDED) return;
      const [oldest] = decided.keys();
      if (oldest !== undefined) decided.delete(oldest);
    },
    waiting: () => decided.size > 0,
    take: (webhook, eventId) => {
      const key = keyOf(webhook, eventId);
      const decision = decided.get(key) ?? null;
      decided.delete(key);
      return decision;
    },
  };
};
