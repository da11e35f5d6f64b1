/**
 * Clients under chaos: they send requests through any node that is up, and note the responses.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { apiOf, type Reply } from '../support/api.ts';
import { count, type AccountHistory, type Measures } from './history.ts';
import type { ChaosNode } from './nodes.ts';

export interface ClientContext {
  readonly nodes: readonly ChaosNode[];
  readonly random: () => number;
  readonly measures: Measures;
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** A node that is up, if there is one. */
const anyNode = ({ nodes, random }: ClientContext): ChaosNode => {
  const up = nodes.filter((node) => node.isUp());
  const some = up.length > 0 ? up : nodes;
  return some[Math.floor(random() * some.length)]!;
};

/** Send a request through some node. @returns null if the connection failed */
export const request = async (
  context: ClientContext,
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Reply | null> => {
  const startedAt = performance.now();
  try {
    const reply = await apiOf(anyNode(context).url, key).send(method, path, body);
    const { status, error } = reply;
    count(context.measures.answers, error === undefined ? `${status}` : `${status} ${error.code}`);
    if (status < 300) context.measures.latencies.push(performance.now() - startedAt);
    return reply;
  } catch {
    count(context.measures.answers, 'connection failed');
    return null;
  }
};

/** Repeat until it succeeds: for what the run cannot do without. */
export const insist = async <T>(
  context: ClientContext,
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> => {
  for (;;) {
    const reply = await request(context, key, method, path, body);
    if (reply !== null && reply.status < 300) return reply.data as T;
    if (reply !== null && reply.status < 500)
      throw new Error(`${method} ${path}: ${reply.status} ${reply.error.message}`);
    await pause(100);
  }
};

const trigger = async (context: ClientContext, account: AccountHistory): Promise<void> => {
  const id = `evt_${randomUUID()}`;
  const body = { event: 'email.opened', id };
  for (let tries = 0; tries < 3; tries += 1) {
    const reply = await request(context, account.key, 'POST', '/_sandbox/events', body);
    // A repetition of a request that was not answered is refused if the first one took effect.
    if (reply?.status === 202 || reply?.error?.code === 'EVENT_EXISTS') {
      account.accepted.add(id);
      account.unknown.delete(id);
      return;
    }
    account.unknown.add(id);
    await pause(50);
  }
};

const acknowledge = async (context: ClientContext, account: AccountHistory): Promise<void> => {
  const path = `/v1/webhooks/${account.webhookId}/failed-events`;
  const letters = await request(context, account.key, 'GET', `${path}?limit=5`);
  if (letters?.status !== 200) return;
  const [letter] = letters.data as { readonly id: string }[];
  if (letter === undefined) return;
  const { id } = letter;
  const reply = await request(context, account.key, 'POST', `${path}/${id}/acknowledge`);
  if (reply?.status === 200) account.acknowledged.add(id);
};

/** Use an account until the run ends. */
export const useAccount = async (
  context: ClientContext,
  account: AccountHistory,
  isOver: () => boolean,
): Promise<void> => {
  while (!isOver()) {
    await trigger(context, account);
    if (context.random() < 0.1) await acknowledge(context, account);
    if (context.random() < 0.1)
      await request(context, account.key, 'GET', '/_sandbox/deliveries?limit=10');
    await pause(50 + context.random() * 200);
  }
};
