/**
 * Response time statistics.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';

/** A quarter of the provider's limit: beyond it, a busy day is enough to lose events. */
export const SLOW_MS = 2500;

export interface Latencies {
  readonly fastest: number;
  readonly median: number;
  readonly p95: number;
  readonly slowest: number;
}

/** @param share 0.5 for the median */
const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;

/** Response times in ms of the exchanges with a response; 0 without any. */
export const latenciesOf = (exchanges: readonly Exchange[]): Latencies => {
  const sorted = exchanges
    .flatMap(({ reply }) => (reply.kind === 'answer' ? [reply.durationMs] : []))
    .toSorted((a, b) => a - b);
  return {
    fastest: sorted[0] ?? 0,
    median: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    slowest: percentile(sorted, 1),
  };
};

export const formatLatencies = ({ median, p95, slowest }: Latencies): string =>
  `median ${Math.round(median)} ms, 95th percentile ${Math.round(p95)} ms, slowest ${Math.round(slowest)} ms`;

/** Exchanges that timed out. */
export const unanswered = (exchanges: readonly Exchange[]): readonly Exchange[] =>
  exchanges.filter(({ reply }) => reply.kind === 'none' && reply.cause === 'timeout');
