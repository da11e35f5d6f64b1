/**
 * Requests that the receiver sent to sinks and that name this event: effects beside their cause.
 *
 * @module
 */
import type { DeliveryDetail } from '../../../schemas/sandbox.ts';
import { formatClock, formatSpan } from '../../deliveries/spans.ts';
import { effects, effectsError } from '../state/effects.ts';
import { Line } from './text.tsx';

export const EffectsPanel = ({ delivery }: { delivery: DeliveryDetail }) => {
  if (effectsError.value !== null) return <p class="bad">{effectsError.value}</p>;
  if (effects.value === null) return <p class="dim">Loading…</p>;
  if (effects.value.length === 0) {
    return (
      <p class="dim">
        No request to a sink names {delivery.event_id}. Let your receiver call{' '}
        <code>/_sandbox/sinks/…</code> in place of another service to see its effects here.
      </p>
    );
  }
  const start = Date.parse(delivery.created_at);
  return (
    <table>
      <thead>
        <tr>
          <th>Time</th>
          <th>Since T</th>
          <th>Sink</th>
          <th>Request</th>
          <th>Answer</th>
        </tr>
      </thead>
      <tbody>
        {effects.value.map(({ sink, record }) => (
          <tr key={`${sink} ${record.order}`}>
            <td class="mono">{formatClock(record.received_at)}</td>
            <td>+{formatSpan(Date.parse(record.received_at) - start)}</td>
            <td>
              <a href={`#/sinks/${encodeURIComponent(sink)}`}>{sink}</a>
            </td>
            <td>
              <Line text={`${record.method} ${record.path}`} />
            </td>
            <td>{record.answered}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
