/**
 * Processor time per delivery if the deliveries belong to many webhooks, accounts or campaigns, against one.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { apiOf, type Api } from '../support/api.ts';
import { leads, sequence, startCampaign } from '../support/campaign.ts';
import type { Stalls } from './stall-app.ts';
import { ask, median, startChild, type Child } from './support.ts';

const WEBHOOKS = 100;
const ACCOUNTS = 5000;
const CAMPAIGNS = 1000;
const LEADS_EACH = 10;
const DELIVERIES = 10_000;
const ROUNDS = 2;
/** Requests at the same time. */
const CALLERS = 32;

export interface FanOut {
  readonly name: string;
  /** Processor time of one delivery in microseconds. */
  readonly manyUs: number;
  readonly oneUs: number;
}

/** A receiver in this process, which counts requests. */
const startCounting = async () => {
  let count = 0;
  let wanted = Infinity;
  let reached = (): void => undefined;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-length': '2' }).end('ok');
      count += 1;
      if (count >= wanted) reached();
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Runs `work`, and resolves once it has caused this many requests. */
    until: async (requests: number, work: () => Promise<unknown>): Promise<void> => {
      wanted = count + requests;
      const arrived = new Promise<void>((resolve) => {
        reached = resolve;
      });
      await work();
      await arrived;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
type Counting = Awaited<ReturnType<typeof startCounting>>;

/** Calls `work` with each number below `count`, {@link CALLERS} at a time. */
const forEach = async (count: number, work: (index: number) => Promise<unknown>): Promise<void> => {
  let next = 0;
  const call = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: CALLERS }, call));
};

/** Makes deliveries. @returns how many */
type Work = () => Promise<number>;

const timeEach = async (child: Child, work: Work): Promise<number> => {
  await ask<Stalls>(child, { stop: false });
  const deliveries = await work();
  const { usedMs } = await ask<Stalls>(child, { stop: true });
  return (usedMs * 1000) / deliveries;
};

/** Lets both take turns. The first round compiles. */
const compare = async (name: string, child: Child, many: Work, one: Work): Promise<FanOut> => {
  const times: { readonly many: number; readonly one: number }[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const time = { one: await timeEach(child, one), many: await timeEach(child, many) };
    if (round > 0) times.push(time);
  }
  return {
    name,
    manyUs: median(times.map((time) => time.many)),
    oneUs: median(times.map((time) => time.one)),
  };
};

type Start = (key: string) => Api;

const webhooks = async (child: Child, start: Start, receiver: Counting): Promise<FanOut> => {
  const [many, one] = [start('webhooks'), start('webhook')];
  for (let made = 0; made < WEBHOOKS; made += 1) await many.register(`${receiver.url}/${made}`);
  await one.register(receiver.url);
  const deliver = (api: Api, count: number) => async (): Promise<number> => {
    await receiver.until(DELIVERIES, () => api.trigger('email.sent', { count }));
    return DELIVERIES;
  };
  const work = [deliver(many, DELIVERIES / WEBHOOKS), deliver(one, DELIVERIES)] as const;
  return compare(`${WEBHOOKS} webhooks on an event, against one`, child, ...work);
};

const accounts = async (child: Child, start: Start, receiver: Counting): Promise<FanOut> => {
  const many = Array.from({ length: ACCOUNTS }, (_, index) => start(`account-${index}`));
  const one = start('account');
  await forEach(ACCOUNTS, (index) => many[index]!.register(receiver.url));
  await one.register(receiver.url);
  const deliver = (apiAt: (index: number) => Api) => async (): Promise<number> => {
    await receiver.until(ACCOUNTS, () => forEach(ACCOUNTS, (index) => apiAt(index).trigger()));
    return ACCOUNTS;
  };
  const work = [deliver((index) => many[index]!), deliver(() => one)] as const;
  return compare(`an event in each of ${ACCOUNTS} accounts, against one`, child, ...work);
};

const campaigns = async (child: Child, start: Start, receiver: Counting): Promise<FanOut> => {
  const more = { daily_limit: CAMPAIGNS * LEADS_EACH, sequences: sequence(0, 1) };
  const deliver = (key: string, count: number) => async (): Promise<number> => {
    const api = start(key);
    await api.send('POST', '/_sandbox/reset');
    await api.send('PUT', '/_sandbox/clock', { mode: 'frozen' });
    await api.register(receiver.url);
    const each = (CAMPAIGNS * LEADS_EACH) / count;
    for (let made = 0; made < count; made += 1)
      await startCampaign(api, leads(each, 1 + made * each), more);
    await ask<Stalls>(child, { stop: false });
    return (await api.advance({ until: 'settled' })).attempts;
  };
  const work = [deliver('campaigns', CAMPAIGNS), deliver('campaign', 1)] as const;
  return compare(`${CAMPAIGNS} campaigns, against one with as many leads`, child, ...work);
};

/** @param file path of a database that does not exist yet */
export const fanOutFigures = async (file: string): Promise<FanOut[]> => {
  await using receiver = await startCounting();
  await using child = await startChild('stall-app.ts', { FILE: file });
  const { url } = await ask<Stalls>(child, { stop: true });
  const start: Start = (key) => apiOf(url, key);
  return [
    await webhooks(child, start, receiver),
    await accounts(child, start, receiver),
    await campaigns(child, start, receiver),
  ];
};
