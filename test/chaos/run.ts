/**
 * One run: nodes, receivers, clients and failures for a time, then the check.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import { seededRandom } from '../../src/domain/random.ts';
import { beginCampaign, compareCampaign, runCampaign } from './campaign.ts';
import { checkHistory, type Verdict } from './checker.ts';
import { insist, useAccount, type ClientContext } from './clients.ts';
import { watchEpochs } from './epochs.ts';
import { createMeasures, type AccountHistory, type Measures } from './history.ts';
import { rage } from './nemesis.ts';
import { startCluster, startSingle } from './nodes.ts';
import { KINDS, startReceivers, type Receivers } from './receivers.ts';

export interface RunOptions {
  readonly minutes: number;
  readonly seed: number;
  /** 1 runs one process on an SQLite file; more run on one PostgreSQL. */
  readonly nodes: number;
  readonly accounts: number;
  /** Whether nodes are killed while another one is stopped or cut off. */
  readonly isOverlapping?: boolean;
  /** Called with what happens. */
  readonly log: (text: string) => void;
}

export interface RunResult {
  readonly verdict: Verdict;
  readonly measures: Measures;
  /** Events of the campaign. */
  readonly campaignEvents: number;
}

const CLOCKS = [{ mode: 'skip' }, { mode: 'scaled', rate: 3600 }] as const;

const createAccount = async (
  context: ClientContext,
  receivers: Receivers,
  index: number,
): Promise<AccountHistory> => {
  const key = `chaos-${index}`;
  const kind = KINDS[index % KINDS.length]!;
  const clock = CLOCKS[Math.floor(index / KINDS.length) % CLOCKS.length]!;
  await insist(context, key, 'PUT', '/_sandbox/clock', clock);
  const webhook = {
    url: receivers.url(kind),
    events: ['*'],
    secret: 'whsec_your-signing-secret',
  };
  const { id } = await insist<{ id: string }>(context, key, 'POST', '/v1/webhooks', webhook);
  return {
    key,
    kind,
    isExact: clock.mode === 'skip' && kind !== 'hangs',
    accepted: new Set(),
    unknown: new Set(),
    acknowledged: new Set(),
    webhookId: id,
  };
};

export const runChaos = async ({
  minutes,
  seed,
  nodes,
  accounts: count,
  isOverlapping = false,
  log,
}: RunOptions): Promise<RunResult> => {
  const random = seededRandom(seed);
  const measures = createMeasures();
  await using receivers = await startReceivers();
  await using cluster = nodes === 1 ? await startSingle() : await startCluster(nodes);
  const context: ClientContext = { nodes: cluster.nodes, random, measures };
  const accounts: AccountHistory[] = [];
  for (let index = 0; index < count; index += 1)
    accounts.push(await createAccount(context, receivers, index));
  const campaign = await beginCampaign(context, 'chaos-campaign', receivers.url('succeeds'));

  const totalMs = minutes * 60_000;
  const until = performance.now() + totalMs;
  const isOver = (): boolean => performance.now() > until;
  const pauseMs = Math.min(1000, totalMs / 100);
  await Promise.all([
    ...accounts.map((account) => useAccount(context, account, isOver)),
    runCampaign(context, campaign, 6 * 3_600_000, pauseMs, isOver),
    rage(
      {
        cluster,
        random,
        measures,
        accounts,
        failing: new Set(),
        databaseRestartedAt: -Infinity,
        log,
      },
      isOverlapping,
      isOver,
    ),
    cluster.databaseUrl === null ? null : watchEpochs(cluster.databaseUrl, measures, isOver),
  ]);

  for (const { url, tail } of cluster.nodes) log(`output of ${url}:\n${tail()}`);
  const [node] = cluster.nodes;
  const verdict = await checkHistory(node!.url, accounts, receivers.log);
  const { actual, expected } = await compareCampaign(node!.url, campaign);
  if (!isDeepStrictEqual(actual, expected)) {
    const at = expected.findIndex((event, index) => !isDeepStrictEqual(event, actual[index]));
    verdict.violations.push(
      `campaign: ${actual.length} events, ${expected.length} without chaos; they differ at ${at}: ${JSON.stringify(actual[at])} instead of ${JSON.stringify(expected[at])}`,
    );
  }
  for (const account of measures.fallen) verdict.violations.push(`epoch of ${account} fell`);
  return { verdict, measures, campaignEvents: actual.length };
};
