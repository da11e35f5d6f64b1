/**
 * A delivery's attempts on the virtual time axis, with idle time folded: 30 minutes of waiting take no more room than
 * 30 seconds, and are labelled.
 *
 * @module
 */
import type { Attempt, DeliveryDetail } from '../../schemas/sandbox.ts';
import { plannedTimes } from './planned-times.ts';
import { formatSpan } from './spans.ts';

export interface Node {
  readonly kind: 'attempt' | 'planned';
  /** Number of the attempt, from 1. */
  readonly number: number;
  readonly at: number;
  /** `T`, `T + 30 s`: since the delivery was accepted. */
  readonly offset: string;
  /** `+5 min`: since the node before; null for the first. */
  readonly wait: string | null;
  /** True if the wait before it is so long that it is drawn folded. */
  readonly isFolded: boolean;
  readonly attempt: Attempt | null;
}

/** Waits from here on are folded. */
const FOLD_MS = 2000;

const nodeAt = (
  at: number,
  start: number,
  before: number | null,
  what: Pick<Node, 'kind' | 'number' | 'attempt'>,
): Node => ({
  ...what,
  at,
  offset: at - start < 1 ? 'T' : `T + ${formatSpan(at - start)}`,
  wait: before === null ? null : `+${formatSpan(at - before)}`,
  isFolded: before !== null && at - before >= FOLD_MS,
});

/** Attempts made, then attempts that will be made if every one fails. */
export const timelineOf = (
  delivery: Pick<DeliveryDetail, 'created_at' | 'attempts' | 'next_attempt_at' | 'attempts_made'>,
): readonly Node[] => {
  const start = Date.parse(delivery.created_at);
  const nodes: Node[] = [];
  let before: number | null = null;
  for (const attempt of delivery.attempts) {
    const at = Date.parse(attempt.started_at);
    nodes.push(nodeAt(at, start, before, { kind: 'attempt', number: attempt.number, attempt }));
    before = Date.parse(attempt.ended_at);
  }
  const made = delivery.attempts.at(-1)?.number ?? 0;
  for (const [index, at] of plannedTimes(delivery).entries()) {
    nodes.push(
      nodeAt(at, start, before, { kind: 'planned', number: made + index + 1, attempt: null }),
    );
    before = at;
  }
  return nodes;
};

/** What a screen reader says of a node. */
export const describeNode = (node: Node): string => {
  const when = `at ${node.offset}`;
  if (node.attempt === null) return `Attempt ${node.number}, planned ${when}`;
  const { outcome, response, duration_ms: ms, fault } = node.attempt;
  const answer = response === null ? '' : ` ${response.status}`;
  const words = outcome === 'non_2xx' ? 'failed' : outcome.replaceAll('_', ' ');
  const by = fault === null ? '' : `, fault ${fault.name}`;
  return `Attempt ${node.number}, ${words}${answer} ${when}, took ${formatSpan(ms)}${by}`;
};
