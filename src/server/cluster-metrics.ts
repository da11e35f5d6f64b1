/**
 * Metrics of a node whose sandbox is shared by several.
 *
 * @module
 */
import type { Registry } from 'prom-client';
import type { ClusterNode } from '../cluster/node.ts';

/** @returns a function that updates the metrics */
export const createClusterMetrics = async (
  { directory, forwarded }: ClusterNode,
  registry: Registry,
): Promise<() => void> => {
  const { Counter, Gauge } = await import('prom-client');
  const registers = [registry];
  const held = new Gauge({
    name: 'sendemall_mock_leases_held',
    help: 'Accounts that this node serves.',
    registers,
  });
  const takeovers = new Counter({
    name: 'sendemall_mock_takeovers_total',
    help: 'Accounts taken over from another node.',
    registers,
  });
  const refusals = new Counter({
    name: 'sendemall_mock_fence_refusals_total',
    help: 'Writes refused because another node owns the account.',
    registers,
  });
  const requests = new Counter({
    name: 'sendemall_mock_forwarded_requests_total',
    help: 'Requests forwarded to the node that serves the account, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  return () => {
    const figures = directory.figures();
    held.set(figures.held);
    takeovers.reset();
    takeovers.inc(figures.takeovers);
    refusals.reset();
    refusals.inc(figures.refusals);
    requests.reset();
    for (const [outcome, count] of forwarded) requests.inc({ outcome }, count);
  };
};
