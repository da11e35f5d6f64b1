/**
 * Webhooks: register, edit, pause, resume, rotate the secret, delete.
 *
 * @module
 */
import type { Webhook } from '../../../schemas/control.ts';
import { route } from '../state/location.ts';
import { client, notify, perform } from '../state/session.ts';
import { areWebhooksLoaded, webhooks } from '../state/webhooks.ts';
import { openDialog } from './dialog-state.ts';
import { Page } from './page.tsx';
import { Status } from './status.tsx';
import { Line } from './text.tsx';

const setStatus = async ({ id, status }: Webhook): Promise<void> => {
  const next = status === 'active' ? 'paused' : 'active';
  const done = await perform(`webhook ${id}`, () =>
    client.value.webhooks.update(id, { status: next }),
  );
  if (done !== null) notify(`Webhook ${id} is ${next}.`);
};

const remove = async ({ id, url }: Webhook): Promise<void> => {
  const done = await perform(`webhook ${id}`, () => client.value.webhooks.delete(id));
  if (done !== null) notify(`Deleted the webhook of ${url}. Its pending deliveries are cancelled.`);
};

const Card = ({ webhook }: { webhook: Webhook }) => {
  const { id, url, events, status } = webhook;
  return (
    <li class={`card ${route.value.id === id ? 'open' : ''}`}>
      <div class="card-main">
        <h3>
          <Line text={url} class="wrap" />
        </h3>
        <p class="meta">
          <Status status={status} /> <code>{id}</code> ·{' '}
          {events.join(', ').replace('*', 'all events')}
        </p>
      </div>
      <div class="buttons">
        <a class="button" href={`#/deliveries?q=webhook:${id}`}>
          Deliveries
        </a>
        <button type="button" onClick={() => void setStatus(webhook)}>
          {status === 'active' ? 'Pause' : 'Resume'}
        </button>
        <button type="button" onClick={() => openDialog('webhook', id)}>
          Edit
        </button>
        <button type="button" onClick={() => openDialog('secret', id)}>
          Rotate secret
        </button>
        <button type="button" class="danger" onClick={() => void remove(webhook)}>
          Delete
        </button>
      </div>
    </li>
  );
};

export const WebhooksPage = () => (
  <Page
    title="Webhooks"
    help="Where events are delivered. Pausing one holds its retries until it is active again."
    actions={
      <button type="button" class="primary" onClick={() => openDialog('webhook')}>
        Register a webhook
      </button>
    }
  >
    {webhooks.value.length === 0 ? (
      <div class="empty">
        {areWebhooksLoaded.value ? (
          <p>No webhook is registered, so nothing is delivered.</p>
        ) : (
          <p>Loading…</p>
        )}
      </div>
    ) : (
      <ul class="cards">
        {webhooks.value.map((webhook) => (
          <Card key={webhook.id} webhook={webhook} />
        ))}
      </ul>
    )}
  </Page>
);
