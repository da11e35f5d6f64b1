/**
 * Makes nodes and their database fail, and measures how long accounts are not served.
 *
 * @module
 */
import { apiOf } from '../support/api.ts';
import { count, type AccountHistory, type Measures } from './history.ts';
import type { ChaosNode, Nodes } from './nodes.ts';

const STOP_MS = 15_000;

/**
 * After PostgreSQL was restarted, all locks are free for a moment, so that nodes do not declare each other dead. A node that is
 * killed then is another case, and measured separately. Milliseconds.
 */
const AFTERMATH_MS = 5000;

export interface NemesisContext {
  readonly cluster: Nodes;
  readonly random: () => number;
  readonly measures: Measures;
  readonly accounts: readonly AccountHistory[];
  /** Nodes that are failing, or not ready again. */
  readonly failing: Set<ChaosNode>;
  /** When PostgreSQL was restarted last. */
  databaseRestartedAt: number;
  /** Called with what happens. */
  readonly log: (text: string) => void;
}

const isUsable = ({ failing }: NemesisContext, node: ChaosNode): boolean =>
  node.isUp() && !failing.has(node);

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Name of the node that answers; null if none does. */
const nodeOf = async (url: string, path: string, key: string): Promise<string | null> => {
  try {
    const response = await fetch(url + path, {
      headers: { 'x-user-context': key },
      signal: AbortSignal.timeout(1000),
    });
    await response.arrayBuffer();
    return response.headers.get('x-sendemall-node');
  } catch {
    return null;
  }
};

const ownedBy = async (
  context: NemesisContext,
  victim: ChaosNode,
): Promise<readonly AccountHistory[]> => {
  const { cluster, accounts } = context;
  const other = cluster.nodes.find((node) => node !== victim && isUsable(context, node));
  const name = await nodeOf(victim.url, '/livez', '');
  if (other === undefined || name === null) return [];
  const owners = await Promise.all(
    accounts.map(({ key }) => nodeOf(other.url, '/_sandbox/clock', key)),
  );
  return accounts.filter((_, index) => owners[index] === name);
};

/** Ask another node for the account until it answers. */
const untilServed = async (context: NemesisContext, key: string): Promise<void> => {
  for (;;) {
    for (const node of context.cluster.nodes) {
      if (!isUsable(context, node)) continue;
      const reply = await apiOf(node.url, key)
        .get('/_sandbox/clock')
        .catch(() => null);
      if (reply?.status === 200) return;
    }
    await pause(10);
  }
};

/** Run a failure of one node, and measure how long its accounts are not served by the others. */
const measured = async (
  context: NemesisContext,
  name: string,
  victim: ChaosNode,
  fail: () => Promise<void>,
): Promise<void> => {
  const { measures, failing } = context;
  failing.add(victim);
  const owned = await ownedBy(context, victim);
  const startedAt = performance.now();
  count(measures.actions, name);
  context.log(`${name} of ${victim.url}, which serves ${owned.length} accounts`);
  const failure = fail();
  const recoveries = measures.recoveries.get(name) ?? [];
  measures.recoveries.set(name, recoveries);
  const times = await Promise.all(
    owned.map(async ({ key }) => {
      await untilServed(context, key);
      return performance.now() - startedAt;
    }),
  );
  recoveries.push(...times);
  context.log(`served again after ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  await failure;
  failing.delete(victim);
  context.log('over');
};

type Action = readonly [name: string, weight: number];

const LONG_ACTIONS: readonly Action[] = [
  ['SIGSTOP', 20],
  ['black hole', 10],
];
const SHORT_ACTIONS: readonly Action[] = [
  ['SIGKILL', 100],
  ['restart of a node', 20],
  ['fast restart of PostgreSQL', 3],
  ['immediate restart of PostgreSQL', 3],
];

const choose = (actions: readonly Action[], random: () => number): string => {
  let left = random() * actions.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of actions) if ((left -= weight) < 0) return name;
  return actions[0]![0];
};

/**
 * Mostly a node that serves accounts: accounts stay where they are until their node ends.
 *
 * @returns null if at most one node is not failing: somebody must take the accounts over
 */
const chooseVictim = async (context: NemesisContext): Promise<ChaosNode | null> => {
  const { cluster, random, accounts } = context;
  const usable = cluster.nodes.filter((node) => isUsable(context, node));
  if (usable.length < Math.min(2, cluster.nodes.length)) return null;
  const any = usable[Math.floor(random() * usable.length)]!;
  if (random() < 0.2) return any;
  const { key } = accounts[Math.floor(random() * accounts.length)]!;
  const owner = await nodeOf(any.url, '/_sandbox/clock', key);
  const names = await Promise.all(usable.map(({ url }) => nodeOf(url, '/livez', '')));
  return usable[names.indexOf(owner)] ?? any;
};

const act = async (context: NemesisContext, actions: readonly Action[]): Promise<void> => {
  const { cluster, random, measures } = context;
  const victim = await chooseVictim(context);
  if (victim === null || context.failing.has(victim)) return;
  const name = choose(actions, random);
  switch (name) {
    case 'SIGKILL': {
      const isAftermath = performance.now() - context.databaseRestartedAt < AFTERMATH_MS;
      const what = isAftermath ? 'SIGKILL right after a restart of PostgreSQL' : name;
      return measured(context, what, victim, () => victim.kill(random() * 500));
    }
    case 'SIGSTOP':
      return measured(context, name, victim, () => victim.suspend(STOP_MS));
    case 'black hole':
      return measured(context, name, victim, () => victim.isolate(STOP_MS));
    case 'restart of a node':
      return measured(context, name, victim, () => victim.restart());
    default:
      count(measures.actions, name);
      context.log(name);
      await cluster.postgres?.restart(name.startsWith('fast') ? 'fast' : 'immediate');
      context.databaseRestartedAt = performance.now();
  }
};

const repeat = async (
  context: NemesisContext,
  actions: readonly Action[],
  isOver: () => boolean,
): Promise<void> => {
  while (!isOver()) {
    await pause(200 + context.random() * 800);
    await act(context, actions);
  }
};

/**
 * Make something fail, again and again, until the run ends.
 *
 * @param isOverlapping whether short failures go on while a node is stopped or cut off
 */
export const rage = async (
  context: NemesisContext,
  isOverlapping: boolean,
  isOver: () => boolean,
): Promise<void> => {
  if (context.cluster.postgres === null) return repeat(context, [['SIGKILL', 1]], isOver);
  if (!isOverlapping) return repeat(context, [...SHORT_ACTIONS, ...LONG_ACTIONS], isOver);
  await Promise.all([
    repeat(context, SHORT_ACTIONS, isOver),
    repeat(context, LONG_ACTIONS, isOver),
  ]);
};
