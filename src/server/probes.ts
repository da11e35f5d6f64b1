/**
 * `/livez`, `/readyz`, `/metrics`: for orchestrators and Prometheus; no key, nothing of any account.
 *
 * @module
 */
import { Hono } from 'hono';
import { internalError, storageProblem, type Problem } from '../domain/problems.ts';
import { StoreFailure } from '../domain/store-failure.ts';
import type { Engine } from '../engine/engine.ts';
import type { StoreHealth } from '../storage/store.ts';
import type { Env } from './context.ts';

/** Loaded when first asked for: most sandboxes are never scraped. */
const createMetrics = async (engine: Engine): Promise<() => Promise<string>> => {
  const { Counter, Gauge, Registry, collectDefaultMetrics } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const attempts = new Counter({
    name: 'sendemall_mock_attempts_total',
    help: 'Attempts made, by outcome.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const accounts = new Gauge({
    name: 'sendemall_mock_accounts',
    help: 'Accounts that are open.',
    registers: [registry],
  });
  const unopened = new Gauge({
    name: 'sendemall_mock_unopened_accounts',
    help: 'Accounts with work that cannot be opened; tried again and again.',
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: 'sendemall_mock_in_flight',
    help: 'Attempts going on.',
    registers: [registry],
  });
  return () => {
    const figures = engine.figures();
    attempts.reset();
    for (const [outcome, count] of figures.attempts) attempts.inc({ outcome }, count);
    accounts.set(figures.accounts);
    unopened.set(figures.unopenedAccounts);
    inFlight.set(figures.inFlight);
    return registry.metrics();
  };
};

/** Why requests that change something would fail now; null when they would not. */
const unreadiness = async (store: StoreHealth): Promise<Problem | null> => {
  try {
    await store.checkWritable();
    return null;
  } catch (error) {
    return error instanceof StoreFailure ? storageProblem(error.reason) : internalError();
  }
};

export const probeRoutes = (engine: Engine, store: StoreHealth): Hono<Env> => {
  let metrics: Promise<() => Promise<string>> | null = null;
  return new Hono<Env>()
    .get('/livez', (c) => c.json({ status: 'ok' }))
    .get('/readyz', async (c) => {
      const problem = await unreadiness(store);
      if (problem === null) return c.json({ status: 'ok' });
      const { code, message } = problem;
      return c.json({ status: 'unavailable', code, message }, 503);
    })
    .get('/metrics', async (c) => {
      metrics ??= createMetrics(engine);
      // A failed load is not remembered: the next request tries again.
      metrics.catch(() => {
        metrics = null;
      });
      const text = await (await metrics)();
      return c.body(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    });
};
