/**
 * The difference between any two texts of a delivery: bodies sent, responses of attempts, other deliveries of the same
 * event, and what the reader pastes.
 *
 * @module
 */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Delivery, DeliveryDetail } from '../../../schemas/sandbox.ts';
import { client } from '../state/session.ts';
import { Difference } from './difference.tsx';

interface Choice {
  readonly value: string;
  readonly label: string;
}

const PASTED = 'pasted';

const choicesOf = (delivery: DeliveryDetail, others: readonly Delivery[]): readonly Choice[] => [
  { value: 'sent', label: 'Body sent by this delivery' },
  ...delivery.attempts
    .filter(({ response }) => response !== null)
    .map(({ number }) => ({ value: `response:${number}`, label: `Response to attempt ${number}` })),
  ...others.map(({ id, redelivery_of: of }) => ({
    value: `delivery:${id}`,
    label: `Body sent by ${id}${of === delivery.id ? ' (repeats this one)' : ''}`,
  })),
  { value: PASTED, label: 'Pasted text' },
];

const useOthers = (delivery: DeliveryDetail): readonly Delivery[] => {
  const others = useSignal<readonly Delivery[]>([]);
  useEffect(() => {
    client.value.events.get(delivery.event_id).then(
      ({ deliveries }) => (others.value = deliveries.filter(({ id }) => id !== delivery.id)),
      () => undefined,
    );
  }, [delivery.event_id, delivery.id]);
  return others.value;
};

/** The text of a choice; null while it is loaded. */
const useText = (delivery: DeliveryDetail, choice: string, pasted: string): string | null => {
  const loaded = useSignal<{ id: string; body: string } | null>(null);
  const [kind = '', id = ''] = choice.split(':');
  useEffect(() => {
    if (kind !== 'delivery') return;
    client.value.deliveries.get(id).then(
      ({ body }) => (loaded.value = { id, body }),
      () => undefined,
    );
  }, [kind, id]);
  if (kind === 'sent') return delivery.body;
  if (kind === PASTED) return pasted;
  if (kind === 'response') {
    return delivery.attempts.find(({ number }) => String(number) === id)?.response?.body ?? '';
  }
  return loaded.value?.id === id ? loaded.value.body : null;
};

const Choose = ({
  label,
  value,
  choices,
  onChoose,
}: {
  label: string;
  value: string;
  choices: readonly Choice[];
  onChoose: (value: string) => void;
}) => (
  <label>
    {label}
    <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.label}
        </option>
      ))}
    </select>
  </label>
);

const firstResponse = ({ attempts }: DeliveryDetail): string =>
  `response:${attempts.find(({ response }) => response !== null)?.number}`;

const defaultRight = ({ attempts }: DeliveryDetail, others: readonly Delivery[]): string => {
  const [other] = others;
  if (other !== undefined) return `delivery:${other.id}`;
  const answered = attempts.filter(({ response }) => response !== null);
  return answered.length > 1 ? `response:${answered.at(-1)?.number}` : PASTED;
};

export const DiffPanel = ({ delivery }: { delivery: DeliveryDetail }) => {
  const others = useOthers(delivery);
  const choices = choicesOf(delivery, others);
  const left = useSignal('');
  const right = useSignal('');
  const pasted = useSignal('');
  const to = right.value === '' ? defaultRight(delivery, others) : right.value;
  // Attempts send the same bytes, so with nothing else to compare, compare what came back.
  const from =
    left.value === ''
      ? to.startsWith('response:')
        ? firstResponse(delivery)
        : 'sent'
      : left.value;
  const before = useText(delivery, from, pasted.value);
  const after = useText(delivery, to, pasted.value);
  const isPasting = from === PASTED || to === PASTED;
  return (
    <div class="panel">
      <div class="inline-form">
        <Choose
          label="Before"
          value={from}
          choices={choices}
          onChoose={(value) => (left.value = value)}
        />
        <Choose
          label="After"
          value={to}
          choices={choices}
          onChoose={(value) => (right.value = value)}
        />
      </div>
      {isPasting && (
        <label class="full">
          Pasted text
          <textarea
            rows={4}
            value={pasted.value}
            onInput={(event) => (pasted.value = event.currentTarget.value)}
          />
        </label>
      )}
      {before === null || after === null ? (
        <p class="dim">Loading…</p>
      ) : (
        <Difference before={before} after={after} />
      )}
    </div>
  );
};
