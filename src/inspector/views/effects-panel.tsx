/**
 * Requests that the receiver sent to sinks and that name this event: effects beside their cause.
 *
 * @module
 */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DeliveryDetail, SinkRecord } from '../../../schemas/sandbox.ts';
import { formatClock, formatSpan } from '../model/spans.ts';
import { client, messageOf } from '../state/session.ts';
import { Line } from './text.tsx';

interface Effect {
  readonly sink: string;
  readonly record: SinkRecord;
}

const readEffects = async (eventId: string): Promise<readonly Effect[]> => {
  const api = client.value;
  const sinks = await api.sinks.list();
  const lists = await Promise.all(
    sinks.map(async ({ name }) => {
      const { items } = await api.sinks.requests(name, { contains: eventId, limit: 100 }).page();
      return items.map((record) => ({ sink: name, record }));
    }),
  );
  return lists.flat().toSorted((a, b) => (a.record.received_at < b.record.received_at ? -1 : 1));
};

export const EffectsPanel = ({ delivery }: { delivery: DeliveryDetail }) => {
  const effects = useSignal<readonly Effect[] | null>(null);
  const error = useSignal<string | null>(null);
  useEffect(() => {
    readEffects(delivery.event_id).then(
      (value) => (effects.value = value),
      (reason: unknown) => (error.value = messageOf(reason)),
    );
  }, [delivery.event_id, delivery.attempts.length]);
  if (error.value !== null) return <p class="bad">{error.value}</p>;
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
