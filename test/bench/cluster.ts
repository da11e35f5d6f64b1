/**
 * Several nodes on one PostgreSQL: two nodes against one, the cost of forwarding, and an account with 1,000,000 pending
 * deliveries.
 *
 * @module
 */
import { Agent, request } from 'undici';
import { apiOf } from '../support/api.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import type { ClusterRound } from './cluster-loop.ts';
import { ask, median, startChild, startReceiver, type Child, type Measured } from './support.ts';

/** Accounts of each node. */
const ACCOUNTS = 20;
const WARM_UP = 250;
/** Deliveries per account and turn. */
const TURN = 50;
const TURNS = 12;
const FORWARDED = 3000;
const PENDING = 1_000_000;

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const urlOf = ({ hello }: Child): string => (hello as { readonly url: string }).url;

export interface ScalingFigures {
  /** CPU of the nodes per delivery, two nodes over one. */
  readonly cpuRatio: number;
  /** CPU of the server per delivery, two nodes over one. */
  readonly serverCpuRatio: number;
  /** Deliveries per second, two nodes over one. */
  readonly ratio: number;
  readonly detail: string;
  readonly cpuDetail: string;
  readonly serverDetail: string;
}

interface Turn extends Measured {
  readonly serverCpuPerItem: number;
}

/** Lets nodes deliver at the same time, each to accounts of its own. */
const together = async (
  server: PostgresServer,
  nodes: readonly Child[],
  receiver: string,
  count: number,
): Promise<Turn> => {
  const items = count * ACCOUNTS * nodes.length;
  const serverBefore = server.cpuSeconds();
  const startedAt = performance.now();
  const rounds = await Promise.all(
    nodes.map((node, index) => {
      const keys = Array.from({ length: ACCOUNTS }, (_, key) => `${nodes.length}-${index}-${key}`);
      const asked: ClusterRound = { receiver, keys, count };
      return ask<Measured>(node, asked);
    }),
  );
  return {
    perSecond: items / ((performance.now() - startedAt) / 1000),
    cpuPerItem: mean(rounds.map(({ cpuPerItem }) => cpuPerItem)),
    serverCpuPerItem: (server.cpuSeconds() - serverBefore) / items,
  };
};

const combine = (turns: readonly Turn[]): Turn => ({
  perSecond: 1 / mean(turns.map(({ perSecond }) => 1 / perSecond)),
  cpuPerItem: mean(turns.map(({ cpuPerItem }) => cpuPerItem)),
  serverCpuPerItem: mean(turns.map(({ serverCpuPerItem }) => serverCpuPerItem)),
});

const micros = (seconds: number): string => `${(seconds * 1e6).toFixed(0)} µs`;

/** One node, and two with as many accounts each, taking turns. */
export const scalingFigures = async (): Promise<ScalingFigures> => {
  const server = await startPostgres({ fsync: 'off' });
  try {
    const database = { DATABASE: await server.createDatabase() };
    await using receiver = await startReceiver(200);
    await using alone = await startChild('cluster-loop.ts', database);
    await using first = await startChild('cluster-loop.ts', database);
    await using second = await startChild('cluster-loop.ts', database);
    const groups = [[alone], [first, second]] as const;
    for (const nodes of groups) await together(server, nodes, receiver.url, WARM_UP);
    const turns: [Turn[], Turn[]] = [[], []];
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const [index, nodes] of groups.entries())
        turns[index]!.push(await together(server, nodes, receiver.url, TURN));
    }
    const [one, two] = turns.map(combine) as [Turn, Turn];
    return {
      cpuRatio: two.cpuPerItem / one.cpuPerItem,
      serverCpuRatio: two.serverCpuPerItem / one.serverCpuPerItem,
      ratio: two.perSecond / one.perSecond,
      detail: `${two.perSecond.toFixed(0)}/s against ${one.perSecond.toFixed(0)}/s, with the server and the receiver on the same processors`,
      cpuDetail: `${micros(two.cpuPerItem)} against ${micros(one.cpuPerItem)}, ${ACCOUNTS} accounts on each`,
      serverDetail: `${micros(two.serverCpuPerItem)} against ${micros(one.serverCpuPerItem)}`,
    };
  } finally {
    await server.stop();
  }
};

export interface ForwardingFigures {
  readonly addedP50: number;
  readonly addedP99: number;
  readonly detail: string;
}

/** The same request to the owner and to another node, in turns. */
export const forwardingFigures = async (): Promise<ForwardingFigures> => {
  const server = await startPostgres({ fsync: 'off' });
  const agent = new Agent();
  try {
    const database = { DATABASE: await server.createDatabase() };
    await using owner = await startChild('cluster-loop.ts', database);
    await using other = await startChild('cluster-loop.ts', database);
    await apiOf(urlOf(owner)).register('http://127.0.0.1:9/');
    const time = async (node: Child): Promise<number> => {
      const startedAt = performance.now();
      const { statusCode, body } = await request(`${urlOf(node)}/v1/webhooks`, {
        headers: { 'x-user-context': 'your-api-key' },
        dispatcher: agent,
      });
      await body.dump();
      if (statusCode !== 200) throw new Error(`the request ended with ${statusCode}`);
      return performance.now() - startedAt;
    };
    const times: { readonly direct: number; readonly forwarded: number }[] = [];
    for (let round = 0; round < 2 * FORWARDED; round += 1)
      times.push({ direct: await time(owner), forwarded: await time(other) });
    // The first half compiles the code.
    const measured = times.slice(FORWARDED);
    const [direct, forwarded] = [
      measured.map((one) => one.direct),
      measured.map((one) => one.forwarded),
    ];
    const at = (share: number): readonly [number, number] => [
      percentile(forwarded, share),
      percentile(direct, share),
    ];
    const [p50, p99] = [at(0.5), at(0.99)];
    const against = ([one, two]: readonly [number, number]): string =>
      `${one.toFixed(2)} ms against ${two.toFixed(2)} ms`;
    return {
      addedP50: p50[0] - p50[1],
      addedP99: p99[0] - p99[1],
      detail: `p50 ${against(p50)}, p99 ${against(p99)}, one request at a time`,
    };
  } finally {
    await agent.close();
    await server.stop();
  }
};

export interface PendingFigures {
  readonly claimRatio: number;
  readonly claimDetail: string;
  readonly openMs: number;
  readonly listMs: number;
}

/** An account with 1,000,000 pending deliveries: how long a node needs to start, to open it, to claim and to list. */
export const pendingFigures = async (): Promise<PendingFigures> => {
  const server = await startPostgres({ fsync: 'off' });
  try {
    const database = { DATABASE: await server.createDatabase(), PENDING: String(PENDING) };
    await using filling = await startChild('pending-on-postgres.ts', database);
    const figures = filling.hello as {
      readonly claimFewMs: number;
      readonly claimManyMs: number;
      readonly openMs: number;
      readonly listMs: readonly number[];
    };
    return {
      claimRatio: figures.claimManyMs / figures.claimFewMs,
      claimDetail: `${figures.claimManyMs.toFixed(2)} ms against ${figures.claimFewMs.toFixed(2)} ms for 16`,
      openMs: figures.openMs,
      listMs: median(figures.listMs),
    };
  } finally {
    await server.stop();
  }
};
