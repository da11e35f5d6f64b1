/**
 * The ladder of a delivery: attempts on the virtual time axis, waits folded, planned attempts hollow.
 *
 * @module
 */
import { describeNode, type Node } from '../model/timeline.ts';
import { formatClock, formatUntil } from '../model/spans.ts';
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

const Rung = ({ node }: { node: Node }) => {
  const tone = toneOf(node);
  const count = node.attempt === null ? 0 : effectsOf(node.attempt);
  const isCurrent = node.attempt !== null && node.number === selectedNumber.value;
  const contents = (
    <>
      <i class={`dot ${tone}`} />
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
  return (
    <li class={`rung ${tone}`}>
      {node.wait !== null && (
        <span class={`wait ${node.isFolded ? 'folded' : ''}`}>
          <span>{node.wait}</span>
        </span>
      )}
      {node.attempt === null ? (
        <div class="node" role="img" aria-label={describeNode(node)}>
          {contents}
        </div>
      ) : (
        <button
          type="button"
          class="node"
          aria-label={`${describeNode(node)}${count > 0 ? `, effects: ${count}` : ''}`}
          aria-pressed={isCurrent}
          onClick={() => setQuery({ attempt: String(node.number), tab: '' })}
        >
          {contents}
        </button>
      )}
    </li>
  );
};

export const Ladder = () => (
  <ol class="ladder" aria-label="Attempts on the account’s clock">
    {nodes.value.map((node) => (
      <Rung key={node.number} node={node} />
    ))}
  </ol>
);
