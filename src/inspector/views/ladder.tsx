/**
 * The ladder of a delivery: attempts on the virtual time axis, waits folded, planned attempts hollow.
 *
 * @module
 */
import { describeNode, type Node } from '../../deliveries/timeline.ts';
import { formatClock, formatUntil } from '../../deliveries/spans.ts';
import { now } from '../state/clock.ts';
import { effectsOf } from '../state/effects.ts';
import { nodes } from '../state/detail.ts';
import { setQuery } from '../state/location.ts';
import { selectedNumber } from './selected-attempt.ts';

const toneOf = ({ attempt }: Node): string =>
  attempt === null ? 'planned' : attempt.outcome === 'delivered' ? 'delivered' : 'failed';

const resultOf = ({ attempt, at }: Node): string => {
  if (attempt === null) return formatUntil(at, now.value);
  return attempt.response === null
    ? attempt.outcome.replaceAll('_', ' ')
    : String(attempt.response.status);
};

const Contents = ({ node, count }: { node: Node; count: number }) => (
  <>
    <i class={`dot ${toneOf(node)}`} />
    <b>{resultOf(node)}</b>
    <span class="offset">{node.offset}</span>
    <span class="dim at">{formatClock(new Date(node.at).toISOString())}</span>
    {count > 0 && (
      <span class="tag">
        {count} {count === 1 ? 'effect' : 'effects'}
      </span>
    )}
    {node.attempt?.fault != null && <span class="tag wait">{node.attempt.fault.name}</span>}
  </>
);

const Rung = ({ node, isStatic }: { node: Node; isStatic: boolean }) => {
  const tone = toneOf(node);
  const count = node.attempt === null || isStatic ? 0 : effectsOf(node.attempt);
  const isCurrent = node.attempt !== null && node.number === selectedNumber.value;
  return (
    <li class={`rung ${tone}`}>
      {node.wait !== null && (
        <span class={`wait ${node.isFolded ? 'folded' : ''}`}>
          <span>{node.wait}</span>
        </span>
      )}
      {node.attempt === null || isStatic ? (
        <div class="node" role="img" aria-label={describeNode(node)}>
          <Contents node={node} count={count} />
        </div>
      ) : (
        <button
          type="button"
          class="node"
          aria-label={`${describeNode(node)}${count > 0 ? `, effects: ${count}` : ''}`}
          aria-pressed={isCurrent}
          onClick={() => setQuery({ attempt: String(node.number), tab: '' })}
        >
          <Contents node={node} count={count} />
        </button>
      )}
    </li>
  );
};

export const Ladder = () => (
  <ol class="ladder" aria-label="Attempts on the account’s clock">
    {nodes.value.map((node) => (
      <Rung key={node.number} node={node} isStatic={false} />
    ))}
  </ol>
);

/** A ladder to look at, of any delivery. */
export const StaticLadder = ({ nodes: list, label }: { nodes: readonly Node[]; label: string }) => (
  <ol class="ladder" aria-label={label}>
    {list.map((node) => (
      <Rung key={node.number} node={node} isStatic />
    ))}
  </ol>
);
