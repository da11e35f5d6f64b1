/**
 * `/livez`, `/readyz` and `/metrics`, for orchestrators and Prometheus. No API key, no account data.
 *
 * @module
 */
import { Hono } from 'hono';
import type { ClusterNode } from '../cluster/node.ts';
import { nodeLeaving } from '../domain/node-problems.ts';
import { internalError, sandboxStopped, storageProblem, type Problem } from '../domain/problems.ts';
import { StoreClosed, StoreFailure } from '../domain/store-failure.ts';
import type { Engine } from '../engine/engine.ts';
import type { StoreHealth } from '../storage/store.ts';
import { createClusterMetrics } from './cluster-metrics.ts';
import type { Env, ServerOptions } from './context.ts';
import { loadPackage } from './load-package.ts';

/** Load prom-client on the first request: most sandboxes are never scraped. */
const createMetrics = async (
  engine: Engine,
  cluster: ClusterNode | null,
): Promise<() => Promise<string>> => {
  const { Counter, Gauge, Registry, collectDefaultMetrics } = await loadPackage(
    'prom-client',
    () => import('prom-client'),
  );
  const registry = new Registry();
  const setCluster =
    cluster === null ? () => undefined : await createClusterMetrics(cluster, registry);
  collectDefaultMetrics({ register: registry });
  const attempts = new Counter({
    name: 'sendemall_mock_attempts_total',
    help: 'Attempts made, by outcome.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const accounts = new Gauge({
    name: 'sendemall_mock_accounts',
    help: 'Open accounts.',
    registers: [registry],
  });
  const unopened = new Gauge({
    name: 'sendemall_mock_unopened_accounts',
    help: 'Accounts with pending work that cannot be opened; retried.',
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: 'sendemall_mock_in_flight',
    help: 'Attempts in flight.',
    registers: [registry],
  });
  return () => {
    const figures = engine.figures();
    attempts.reset();
    for (const [outcome, count] of figures.attempts) attempts.inc({ outcome }, count);
    accounts.set(figures.accounts);
    unopened.set(figures.unopenedAccounts);
    inFlight.set(figures.inFlight);
    setCluster();
    return registry.metrics();
  };
};

/** Why a write would fail now; null if ready. */
const unreadiness = async (store: StoreHealth): Promise<Problem | null> => {
  try {
    await store.checkWritable();
    return null;
  } catch (error) {
    if (error instanceof StoreClosed) return sandboxStopped();
    return error instanceof StoreFailure ? storageProblem(error.reason) : internalError(error);
  }
};

export const probeRoutes = ({
  engine,
  store,
  cluster,
}: Pick<ServerOptions, 'engine' | 'store' | 'cluster'>): Hono<Env> => {
  let metrics: Promise<() => Promise<string>> | null = null;
  return new Hono<Env>()
    .get('/livez', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const problem = cluster?.isLeaving() === true ? nodeLeaving() : await unreadiness(store);
      if (problem === null) return c.json({ status: 'ok' });
      const { code, message } = problem;
      return c.json({ status: 'unavailable', code, message }, 503);
    })
    .get('/metrics', async (c) => {
      metrics ??= createMetrics(engine, cluster);
      // Do not cache a failed load: the next request retries.
      metrics.catch(() => {
        metrics = null;
      });
      const text = await (await metrics)();
      return c.body(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    });
};
