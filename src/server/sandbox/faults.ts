/**
 * `/_sandbox/faults`: rules that inject faults on the sender's side.
 *
 * @module
 */
import { Hono } from 'hono';
import { AddFaultRequest, type Fault } from '../../../schemas/sandbox.ts';
import { FAULTS, HOLDS_BACK } from '../../domain/fault.ts';
import {
  faultLimitReached,
  faultNeverMatches,
  faultNotFound,
  validationFailed,
} from '../../domain/problems.ts';
import { parseDuration } from '../../domain/time.ts';
import { parse } from '../../domain/validate.ts';
import type { AccountEngine } from '../../engine/engine.ts';
import { MAX_RULES, type FaultRule, type NewRule } from '../../engine/faults/rules.ts';
import { readJson } from '../body.ts';
import type { Env } from '../context.ts';
import { success, successPage } from '../envelope.ts';

const MAX_DELAY_MS = 30 * 86_400_000;

const faultView = (rule: FaultRule): Fault => ({
  id: rule.id,
  fault: rule.fault,
  match: {
    event: rule.event ?? null,
    webhook_id: rule.webhookId ?? null,
    nth: rule.nth ?? null,
  },
  probability: rule.probability,
  times: rule.times,
  ...(rule.delayMs === undefined ? {} : { delay_ms: rule.delayMs }),
  ...(rule.count === undefined ? {} : { count: rule.count }),
  applied: rule.applied,
  does: FAULTS[rule.fault],
});

const delayOf = ({ delay, fault }: AddFaultRequest): number | undefined => {
  if (delay === undefined) return undefined;
  const delayMs = parseDuration(delay);
  if (delayMs === null || delayMs === 0 || delayMs > MAX_DELAY_MS) {
    throw validationFailed(
      `"delay" is ${JSON.stringify(delay)}. Pass a duration of up to 30 days, such as 90s, 5m or 1h30m.`,
    );
  }
  if (HOLDS_BACK.has(fault)) return delayMs;
  throw validationFailed(
    `"delay" does not apply to ${fault}. Remove it, or use ${[...HOLDS_BACK].join(', ')}.`,
  );
};

const countOf = ({ count, fault }: AddFaultRequest): number | undefined => {
  if (count === undefined || fault === 'burst') return count;
  throw validationFailed(
    `"count" does not apply to ${fault}. Remove it; "times" limits how often a fault is applied.`,
  );
};

/** @throws {Problem} for a rule that could never match with its webhook's current settings */
const checkMatch = async (
  account: AccountEngine,
  { match: { event, webhook_id: id, nth } = {}, times, probability }: AddFaultRequest,
): Promise<void> => {
  if (nth !== undefined && times !== undefined && times > 1) {
    throw faultNeverMatches(
      `"times" is ${times}, but "match.nth" matches a single delivery. Remove one of them.`,
    );
  }
  if (nth !== undefined && probability !== undefined && probability < 1) return;
  if (id === undefined) return;
  const webhook = await account.webhook(id);
  if (webhook.status === 'paused') {
    throw faultNeverMatches(
      `Webhook "${id}" is paused, so this rule would never match. Activate it first: PATCH /v1/webhooks/${id} with {"status": "active"}.`,
    );
  }
  if (event === undefined || webhook.events.some((one) => one === '*' || one === event)) return;
  throw faultNeverMatches(
    `"match.event" is ${JSON.stringify(event)}, but webhook "${id}" subscribes only to ${webhook.events.join(', ')}, so this rule would never match. Pass one of its events.`,
  );
};

const ruleOf = (request: AddFaultRequest): NewRule => {
  const { fault, match = {}, probability = 1, times = null } = request;
  return {
    fault,
    event: match.event,
    webhookId: match.webhook_id,
    nth: match.nth,
    probability,
    times,
    delayMs: delayOf(request),
    count: countOf(request),
  };
};

const found = (rule: FaultRule | null, id: string): FaultRule => {
  if (rule === null) throw faultNotFound(id);
  return rule;
};

export const faultRoutes = (): Hono<Env> =>
  new Hono<Env>()
    .get('/', (c) => successPage(c, c.get('account').faults().list().map(faultView), null))
    .post('/', async (c) => {
      const account = c.get('account');
      const request = parse(AddFaultRequest, await readJson(c));
      const rule = ruleOf(request);
      await checkMatch(account, request);
      const added = account.faults().add(rule);
      if (added === null) throw faultLimitReached(MAX_RULES);
      return success(c, faultView(added), 201);
    })
    .delete('/', (c) => {
      const faults = c.get('account').faults();
      const removed = faults.list().length;
      faults.clear();
      return success(c, { removed });
    })
    .get('/:fault_id', (c) => {
      const id = c.req.param('fault_id');
      return success(c, faultView(found(c.get('account').faults().get(id), id)));
    })
    .delete('/:fault_id', (c) => {
      const id = c.req.param('fault_id');
      return success(c, faultView(found(c.get('account').faults().remove(id), id)));
    });
