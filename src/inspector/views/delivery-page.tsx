/**
 * One delivery: its ladder, the exchange of an attempt, the signature, differences, effects, and what can be done.
 *
 * @module
 */
import type { Attempt, DeliveryDetail } from '../../../schemas/sandbox.ts';
import { formatSpan } from '../../deliveries/spans.ts';
import { detail, detailError } from '../state/detail.ts';
import { go, query, setQuery } from '../state/location.ts';
import { client, notify, perform } from '../state/session.ts';
import { act } from './actions.ts';
import { CopyPanel } from './copy-panel.tsx';
import { DiffPanel } from './diff-panel.tsx';
import { EffectsPanel } from './effects-panel.tsx';
import { ForkPanel } from './fork-panel.tsx';
import { Ladder } from './ladder.tsx';
import { MessageView } from './message-view.tsx';
import { selectedAttempt } from './selected-attempt.ts';
import { SignaturePanel } from './signature-panel.tsx';
import { Status } from './status.tsx';
import { Tabs } from './tabs.tsx';
import { Line } from './text.tsx';

const pathOf = (url: string): string => {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
};

const Exchange = ({ delivery, attempt }: { delivery: DeliveryDetail; attempt: Attempt | null }) => {
  if (attempt === null) {
    return (
      <div class="panel">
        <p class="dim">No attempt has been made. This body is going to be sent:</p>
        <MessageView
          title="Request"
          first={`POST ${pathOf(delivery.url)}`}
          headers={[]}
          body={delivery.body}
        />
      </div>
    );
  }
  const { request, response, error } = attempt;
  return (
    <div class="panel">
      {error !== null && (
        <p class="cause">
          <b>Why</b> <Line text={error} class="wrap" />
        </p>
      )}
      <div class="columns">
        <MessageView
          title="Request"
          first={`POST ${pathOf(request.url)}`}
          headers={request.headers}
          body={delivery.body}
        />
        {response === null ? (
          <section class="message">
            <h3>Response</h3>
            <p class="none">No response: {attempt.outcome.replaceAll('_', ' ')}.</p>
          </section>
        ) : (
          <MessageView
            title="Response"
            first={`${response.status} after ${formatSpan(attempt.duration_ms)}`}
            headers={response.headers}
            body={response.body}
            isCut={response.truncated}
          />
        )}
      </div>
    </div>
  );
};

const TABS = [
  { id: 'exchange', name: 'Exchange' },
  { id: 'signature', name: 'Signature' },
  { id: 'difference', name: 'Difference' },
  { id: 'effects', name: 'Effects' },
  { id: 'copy', name: 'Make a test' },
  { id: 'fork', name: 'Two timelines' },
] as const;

const Panel = ({ tab, delivery }: { tab: string; delivery: DeliveryDetail }) => {
  const attempt = selectedAttempt.value;
  if (tab === 'signature') {
    return <SignaturePanel delivery={delivery} attempt={attempt?.number ?? null} />;
  }
  if (tab === 'difference') return <DiffPanel key={delivery.id} delivery={delivery} />;
  if (tab === 'effects') return <EffectsPanel delivery={delivery} />;
  if (tab === 'fork') return <ForkPanel key={delivery.id} delivery={delivery} />;
  if (tab === 'copy') return <CopyPanel delivery={delivery} attempt={attempt} />;
  return <Exchange delivery={delivery} attempt={attempt} />;
};

const acknowledge = async ({
  webhook_id: webhook,
  event_id: event,
}: DeliveryDetail): Promise<void> => {
  const done = await perform('acknowledge', () =>
    client.value.failedEvents.acknowledge(webhook, event),
  );
  if (done !== null) notify(`Acknowledged ${event}.`);
};

const Actions = ({ delivery }: { delivery: DeliveryDetail }) => (
  <div class="buttons">
    <button type="button" onClick={() => act('redeliver')}>
      Redeliver <kbd>r</kbd>
    </button>
    <button type="button" onClick={() => act('edit')}>
      Edit and resend <kbd>e</kbd>
    </button>
    <button type="button" onClick={() => act('forge')}>
      Forge <kbd>f</kbd>
    </button>
    {delivery.status === 'dead' && (
      <button type="button" onClick={() => void acknowledge(delivery)}>
        Acknowledge
      </button>
    )}
  </div>
);

const Facts = ({ delivery }: { delivery: DeliveryDetail }) => (
  <p class="meta">
    <code>{delivery.id}</code> · event <code>{delivery.event_id}</code> · to{' '}
    <a href={`#/webhooks/${delivery.webhook_id}`}>
      <Line text={delivery.url} />
    </a>
    {delivery.redelivery_of !== null && (
      <>
        {' '}
        · repeats{' '}
        <a href={`#/deliveries/${delivery.redelivery_of}`}>
          <code>{delivery.redelivery_of}</code>
        </a>
      </>
    )}
    {delivery.signature_mode !== 'valid' && (
      <span class="tag bad">signature {delivery.signature_mode}</span>
    )}
  </p>
);

const Loaded = ({ delivery }: { delivery: DeliveryDetail }) => {
  const tab = TABS.find(({ id }) => id === query.value['tab'])?.id ?? 'exchange';
  return (
    <>
      <header class="detail-head">
        <div class="title">
          <h2 class="big">{delivery.event}</h2>
          <Status status={delivery.status} />
          <button
            type="button"
            class="quiet close"
            aria-label="Close delivery"
            onClick={() => go({ id: null })}
          >
            ✕
          </button>
        </div>
        <Facts delivery={delivery} />
        <Actions delivery={delivery} />
      </header>
      <Ladder />
      <Tabs
        label="Delivery"
        tabs={TABS}
        current={tab}
        onSelect={(id) => setQuery({ tab: id === 'exchange' ? '' : id })}
      >
        <Panel tab={tab} delivery={delivery} />
      </Tabs>
    </>
  );
};

export const DeliveryPage = () => (
  <section id="detail" class="detail" tabIndex={-1} aria-label="Delivery">
    {detail.value !== null ? (
      <Loaded delivery={detail.value} />
    ) : detailError.value !== null ? (
      <div class="empty" role="alert">
        <h2>This delivery cannot be shown</h2>
        <p>{detailError.value}</p>
        <button type="button" onClick={() => go({ id: null })}>
          Back to the list
        </button>
      </div>
    ) : (
      <p class="empty dim">Loading…</p>
    )}
  </section>
);
