/**
 * Faults of the sender: rules, how often each was applied; add, remove, clear.
 *
 * @module
 */
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import type { AddFaultRequest, Fault } from '../../../schemas/sandbox.ts';
import { FORGERIES } from '../model/forgeries.ts';
import { formatSpan } from '../../deliveries/spans.ts';
import { useResource, type Resource } from '../state/resource.ts';
import { client, notify, perform } from '../state/session.ts';
import { webhooks } from '../state/webhooks.ts';
import { Loaded, Page } from './page.tsx';

const NAMES = FORGERIES.flatMap(({ fault }) => fault ?? []).toSorted();

const requestOf = (form: FormData): AddFaultRequest => {
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  const match = {
    ...(text('event') === '' ? {} : { event: text('event') as (typeof EVENT_TYPES)[number] }),
    ...(text('webhook_id') === '' ? {} : { webhook_id: text('webhook_id') }),
    ...(text('nth') === '' ? {} : { nth: Number(text('nth')) }),
  };
  return {
    fault: text('fault') as AddFaultRequest['fault'],
    ...(Object.keys(match).length === 0 ? {} : { match }),
    ...(text('probability') === '' ? {} : { probability: Number(text('probability')) / 100 }),
    ...(text('times') === '' ? {} : { times: Number(text('times')) }),
    ...(text('delay') === '' ? {} : { delay: text('delay') }),
    ...(text('fault') === 'burst' ? { count: Number(text('count') || 10) } : {}),
  };
};

const AddForm = ({ reload }: { reload: () => void }) => (
  <form
    class="card stack"
    onSubmit={(event) => {
      event.preventDefault();
      void perform('fault', () =>
        client.value.faults.add(requestOf(new FormData(event.currentTarget))),
      ).then((fault) => {
        if (fault === null) return;
        notify(`Added ${fault.id}: ${fault.does}.`);
        reload();
      });
    }}
  >
    <div class="form-row">
      <label>
        Fault
        <select name="fault">
          {NAMES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        Event
        <select name="event">
          <option value="">any</option>
          {EVENT_TYPES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        Webhook
        <select name="webhook_id">
          <option value="">any</option>
          {webhooks.value.map(({ id, url }) => (
            <option key={id} value={id}>
              {url}
            </option>
          ))}
        </select>
      </label>
    </div>
    <div class="form-row">
      <label>
        Probability in %
        <input name="probability" type="number" min={0.1} max={100} step="any" placeholder="100" />
      </label>
      <label>
        Times
        <input name="times" type="number" min={1} placeholder="every time" />
      </label>
      <label>
        Only the nth
        <input name="nth" type="number" min={1} placeholder="any" />
      </label>
      <label>
        Delay
        <input name="delay" type="text" placeholder="default" />
      </label>
      <label>
        Events in a burst
        <input name="count" type="number" min={2} placeholder="10" />
      </label>
    </div>
    <footer class="form-end">
      <button type="submit" class="primary">
        Add fault
      </button>
    </footer>
  </form>
);

const matchOf = ({ match, probability, times, delay_ms: delay, count }: Fault): string =>
  [
    match.event ?? 'any event',
    ...(match.webhook_id === null ? [] : [match.webhook_id]),
    ...(match.nth === null ? [] : [`only number ${match.nth}`]),
    ...(probability === 1 ? [] : [`${Math.round(probability * 1000) / 10} %`]),
    ...(times === null ? [] : [`at most ${times}×`]),
    ...(delay === undefined ? [] : [formatSpan(delay)]),
    ...(count === undefined ? [] : [`${count} events`]),
  ].join(' · ');

const remove = async (id: string | null, faults: Resource<readonly Fault[]>): Promise<void> => {
  await perform('fault', async () => {
    if (id === null) await client.value.faults.clear();
    else await client.value.faults.remove(id);
  });
  faults.reload();
};

export const FaultsPage = () => {
  const faults = useResource(
    (api) => api.faults.list(),
    'faults',
    ({ type }) => type === 'delivery.attempted',
  );
  const count = faults.value?.length ?? 0;
  return (
    <Page
      title="Faults"
      help="What the sender does wrong on purpose. An attempt that a fault affected is marked with its name."
      actions={
        count > 0 && (
          <button type="button" class="danger" onClick={() => void remove(null, faults)}>
            Clear all
          </button>
        )
      }
    >
      <AddForm reload={faults.reload} />
      <Loaded
        resource={faults}
        isEmpty={(list) => list.length === 0}
        empty={<p>No faults: the sender behaves.</p>}
      >
        {(list) => (
          <ul class="cards">
            {list.map((fault) => (
              <li key={fault.id} class="card">
                <div class="card-main">
                  <h3>
                    {fault.fault} <span class="tag wait">applied {fault.applied}×</span>
                  </h3>
                  <p class="dim">{fault.does}</p>
                  <p class="meta">{matchOf(fault)}</p>
                </div>
                <div class="buttons">
                  <button
                    type="button"
                    class="danger"
                    aria-label={`Remove ${fault.fault}, ${fault.id}`}
                    onClick={() => void remove(fault.id, faults)}
                  >
                    Remove
                  </button>
                </div>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Page>
  );
};
