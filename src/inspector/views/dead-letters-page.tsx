/**
 * Dead letters: redeliver or acknowledge one, a selection, or all.
 *
 * @module
 */
import { useSignal } from '@preact/signals';
import type { Delivery } from '../../../schemas/sandbox.ts';
import { ApiError } from '../../client/api-error.ts';
import { formatClock, formatDay } from '../../deliveries/spans.ts';
import { useResource } from '../state/resource.ts';
import { client, notify, perform, running } from '../state/session.ts';
import { Loaded, Page } from './page.tsx';
import { Line } from './text.tsx';

const MAX_SHOWN = 500;
const PAGE = 100;

const readDead = async (api: (typeof client)['value']): Promise<readonly Delivery[]> => {
  const all: Delivery[] = [];
  for await (const delivery of api.deliveries.list({ status: 'dead', limit: PAGE })) {
    all.push(delivery);
    if (all.length === MAX_SHOWN) break;
  }
  return all;
};

const concerns = ({ type }: { type: string }): boolean => type.startsWith('delivery.');

/** Repeat a command that the rate limit refused, when it may be repeated. */
const withPatience = async (command: () => Promise<unknown>): Promise<void> => {
  try {
    await command();
  } catch (error) {
    if (!(error instanceof ApiError) || error.retryAfter === null) throw error;
    notify(`Waiting ${error.retryAfter} s for the rate limit.`);
    const ms = error.retryAfter * 1000;
    await new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
    await withPatience(command);
  }
};

/** One after the other: the order of the letters is the order of the redeliveries. */
const each = async (
  name: string,
  letters: readonly Delivery[],
  command: (letter: Delivery) => Promise<unknown>,
): Promise<void> => {
  let done = 0;
  await perform('dead-letters', async () => {
    for (const letter of letters) {
      await withPatience(() => command(letter));
      done += 1;
    }
  });
  notify(`${name} ${done} of ${letters.length}.`, done < letters.length);
};

const redeliver = (letters: readonly Delivery[]): Promise<void> =>
  each('Redelivered', letters, ({ id }) => client.value.deliveries.redeliver(id));
const acknowledge = (letters: readonly Delivery[]): Promise<void> =>
  each('Acknowledged', letters, ({ webhook_id: webhook, event_id: event }) =>
    client.value.failedEvents.acknowledge(webhook, event),
  );

const Letter = ({
  letter,
  isChosen,
  toggle,
}: {
  letter: Delivery;
  isChosen: boolean;
  toggle: () => void;
}) => (
  <tr class={isChosen ? 'open' : ''}>
    <td>
      <input
        type="checkbox"
        aria-label={`Select ${letter.event} ${letter.event_id}`}
        checked={isChosen}
        onChange={toggle}
      />
    </td>
    <td class="mono nowrap">
      <span class="dim">{formatDay(letter.settled_at ?? letter.created_at)}</span>{' '}
      {formatClock(letter.settled_at ?? letter.created_at)}
    </td>
    <td class="nowrap">
      <a href={`#/deliveries/${letter.id}`}>{letter.event}</a>
    </td>
    <td>
      <Line text={letter.url} />
    </td>
    <td class="bad">
      <Line text={letter.last_error ?? ''} />
    </td>
  </tr>
);

const Letters = ({ letters, reload }: { letters: readonly Delivery[]; reload: () => void }) => {
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const selection = letters.filter(({ id }) => chosen.value.has(id));
  const subjects = selection.length > 0 ? selection : letters;
  const what = selection.length > 0 ? `${selection.length} selected` : `all ${letters.length}`;
  const isBusy = running.value.has('dead-letters');
  const run = async (command: (some: readonly Delivery[]) => Promise<void>): Promise<void> => {
    await command(subjects);
    chosen.value = new Set();
    reload();
  };
  return (
    <>
      <div class="buttons">
        <button type="button" class="primary" disabled={isBusy} onClick={() => void run(redeliver)}>
          Redeliver {what}
        </button>
        <button type="button" disabled={isBusy} onClick={() => void run(acknowledge)}>
          Acknowledge {what}
        </button>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Dead letters, table">
        <table>
          <thead>
            <tr>
              <th>
                <input
                  type="checkbox"
                  aria-label="Select all"
                  checked={selection.length === letters.length}
                  onChange={(event) =>
                    (chosen.value = new Set(
                      event.currentTarget.checked ? letters.map(({ id }) => id) : [],
                    ))
                  }
                />
              </th>
              <th>Dead since</th>
              <th>Event</th>
              <th>Receiver</th>
              <th>Last error</th>
            </tr>
          </thead>
          <tbody>
            {letters.map((letter) => (
              <Letter
                key={letter.id}
                letter={letter}
                isChosen={chosen.value.has(letter.id)}
                toggle={() => {
                  const next = new Set(chosen.value);
                  if (!next.delete(letter.id)) next.add(letter.id);
                  chosen.value = next;
                }}
              />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
};

export const DeadLettersPage = () => {
  const letters = useResource(readDead, 'dead', concerns);
  return (
    <Page
      title="Dead letters"
      help="Deliveries whose last attempt failed. Redeliver them once the receiver is fixed, or acknowledge them."
    >
      <Loaded
        resource={letters}
        isEmpty={(list) => list.length === 0}
        empty={<p>No dead letters. Every delivery has arrived, waits, or was acknowledged.</p>}
      >
        {(list) => <Letters letters={list} reload={letters.reload} />}
      </Loaded>
    </Page>
  );
};
