/**
 * Compares the responses to clients and the requests at receivers with the rows of the sandbox, after the chaos.
 *
 * @module
 */
import pLimit from 'p-limit';
import type { Attempt, Delivery, DeliveryDetail } from '../../schemas/sandbox.ts';
import { apiOf, type Api } from '../support/api.ts';
import type { AccountHistory } from './history.ts';
import type { Log } from './receivers.ts';

export interface Verdict {
  /** What must not happen. */
  readonly violations: string[];
  accepted: number;
  delivered: number;
  dead: number;
  /** Accepted events without a row, or that were never settled. */
  lost: number;
  /** Attempt numbers that a delivery has twice. */
  doubleRecords: number;
  attempts: number;
  /** Requests that receivers got beyond the recorded attempts: sent, but not recorded. */
  repeatedRequests: number;
}

const MAX_SETTLE_MS = 120_000;

const allDeliveries = async (api: Api): Promise<readonly Delivery[]> => {
  const rows: Delivery[] = [];
  let cursor: string | null | undefined;
  do {
    const reply = await api.get<Delivery[]>(
      `/_sandbox/deliveries?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    if (reply.status !== 200) throw new Error(`${reply.status}: ${reply.error.message}`);
    rows.push(...reply.data);
    cursor = reply.meta.next_cursor;
  } while (cursor);
  return rows;
};

/** Wait until nothing of the account is pending. */
const untilSettled = async (api: Api): Promise<void> => {
  const until = performance.now() + MAX_SETTLE_MS;
  for (;;) {
    const reply = await api.get<{ pending: number; in_flight: number }>('/_sandbox/clock');
    if (reply.status === 200 && reply.data.pending === 0 && reply.data.in_flight === 0) return;
    if (performance.now() > until) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
};

/** Attempt numbers are 1, 2, 3 …; with an exact clock, each attempt starts when it was due. */
const checkAttempts = (
  attempts: readonly Attempt[],
  isExact: boolean,
  name: string,
  verdict: Verdict,
): void => {
  verdict.attempts += attempts.length;
  for (const [index, attempt] of attempts.entries()) {
    const previous = attempts[index - 1];
    if (previous?.number === attempt.number) verdict.doubleRecords += 1;
    if (attempt.number !== index + 1)
      verdict.violations.push(`${name}: attempt ${index + 1} has the number ${attempt.number}`);
    if (isExact && previous !== undefined && previous.next_attempt_at !== attempt.started_at) {
      verdict.violations.push(
        `${name}: attempt ${attempt.number} was due at ${previous.next_attempt_at} and made at ${attempt.started_at}`,
      );
    }
  }
};

const checkDelivery = (
  { status, event_id: event, attempts, id }: DeliveryDetail,
  account: AccountHistory,
  log: Log,
  verdict: Verdict,
): void => {
  const name = `${account.key} ${id} ${event}`;
  checkAttempts(attempts, account.isExact, name, verdict);
  verdict.repeatedRequests += Math.max(0, (log.requests.get(event) ?? 0) - attempts.length);
  if (!account.accepted.has(event) && !account.unknown.has(event))
    verdict.violations.push(`${name}: no client triggered this event`);
  if (status === 'delivered') verdict.delivered += 1;
  else if (status === 'dead' || status === 'acknowledged') verdict.dead += 1;
  else {
    verdict.lost += 1;
    verdict.violations.push(`${name}: accepted, and still ${status}`);
  }
  if (status === 'delivered' && !log.accepted.has(event))
    verdict.violations.push(`${name}: delivered, but the receiver did not accept it`);
  if (account.acknowledged.has(event) && status !== 'acknowledged')
    verdict.violations.push(`${name}: acknowledged, and now ${status}`);
};

const checkAccount = async (
  url: string,
  account: AccountHistory,
  log: Log,
  verdict: Verdict,
): Promise<void> => {
  const api = apiOf(url, account.key);
  await untilSettled(api);
  const deliveries = await allDeliveries(api);
  const limit = pLimit(8);
  const details = await Promise.all(deliveries.map(({ id }) => limit(() => api.delivery(id))));
  for (const detail of details) checkDelivery(detail, account, log, verdict);
  const found = new Map<string, number>();
  for (const { event_id: id } of deliveries) found.set(id, (found.get(id) ?? 0) + 1);
  verdict.accepted += account.accepted.size;
  for (const id of account.accepted) {
    if (found.get(id) === 1) continue;
    if (!found.has(id)) verdict.lost += 1;
    verdict.violations.push(
      `${account.key} ${id}: accepted, with ${found.get(id) ?? 0} deliveries`,
    );
  }
};

export const checkHistory = async (
  url: string,
  accounts: readonly AccountHistory[],
  log: Log,
): Promise<Verdict> => {
  const verdict: Verdict = {
    violations: [],
    accepted: 0,
    delivered: 0,
    dead: 0,
    lost: 0,
    doubleRecords: 0,
    attempts: 0,
    repeatedRequests: 0,
  };
  for (const account of accounts) await checkAccount(url, account, log, verdict);
  return verdict;
};
