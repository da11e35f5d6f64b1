/**
 * Two timelines: a copy of the account at this moment, with another receiver or another body, and the same hours run in
 * both. The copy is an account of its own, so it can be opened like any other.
 *
 * @module
 */
import { useSignal, type Signal } from '@preact/signals';
import type { DeliveryDetail } from '../../../schemas/sandbox.ts';
import { createClient } from '../../client/create-client.ts';
import { timelineOf } from '../../deliveries/timeline.ts';
import { nodes } from '../state/detail.ts';
import { apiKey, client, notify, perform, running, useKey } from '../state/session.ts';
import { StaticLadder } from './ladder.tsx';
import { Line } from './text.tsx';

/** What is different in the fork. */
interface Change {
  readonly url: string;
  readonly body: string;
}

/**
 * Copy this account, its clock included, and let the webhook of the delivery call another receiver there. Another body is
 * sent as a redelivery of the fork.
 *
 * @returns the delivery to compare
 */
const forkInto = async (
  key: string,
  delivery: DeliveryDetail,
  { url, body }: Change,
): Promise<DeliveryDetail> => {
  const fork = createClient({ baseUrl: location.origin, apiKey: key });
  await fork.restore(await client.value.snapshot());
  if (url !== delivery.url) await fork.webhooks.update(delivery.webhook_id, { url });
  if (body === delivery.body) return fork.deliveries.get(delivery.id);
  const { id } = await fork.deliveries.redeliver(delivery.id, { body });
  return fork.deliveries.get(id);
};

/** Run the same span in both accounts, and read the delivery of the fork again. */
const runBoth = async (key: string, id: string, by: string): Promise<DeliveryDetail> => {
  const fork = createClient({ baseUrl: location.origin, apiKey: key });
  await Promise.all([client.value.clock.advance({ by }), fork.clock.advance({ by })]);
  return fork.deliveries.get(id);
};

const Timelines = ({ delivery, fork }: { delivery: DeliveryDetail; fork: DeliveryDetail }) => (
  <div class="stack">
    <section class="stack">
      <h3>
        This account: <Line text={delivery.url} />
      </h3>
      <StaticLadder nodes={nodes.value} label="Timeline of this account" />
    </section>
    <section class="stack">
      <h3>
        Fork: <Line text={fork.attempts.at(-1)?.request.url ?? fork.url} />
      </h3>
      <StaticLadder nodes={timelineOf(fork)} label="Timeline of the fork" />
    </section>
  </div>
);

const useFork = (delivery: DeliveryDetail) => {
  const key = useSignal(`${apiKey.value}-fork`);
  const url = useSignal(delivery.url);
  const body = useSignal(delivery.body);
  const by = useSignal('1h');
  const fork = useSignal<DeliveryDetail | null>(null);
  const make = async (): Promise<void> => {
    if (key.value === apiKey.value) {
      notify('The fork needs a key of its own: this account would be replaced.', true);
      return;
    }
    fork.value = await perform('fork', () =>
      forkInto(key.value, delivery, { url: url.value, body: body.value }),
    );
  };
  const run = async (): Promise<void> => {
    const { id } = fork.value ?? delivery;
    fork.value = (await perform('fork', () => runBoth(key.value, id, by.value))) ?? fork.value;
  };
  return { key, url, body, by, fork, make, run };
};

const BodyField = ({ body }: { body: Signal<string> }) => (
  <details class="grow">
    <summary>Body in the fork</summary>
    <textarea
      rows={8}
      spellcheck={false}
      aria-label="Body in the fork"
      value={body.value}
      onInput={(event) => (body.value = event.currentTarget.value)}
    />
  </details>
);

export const ForkPanel = ({ delivery }: { delivery: DeliveryDetail }) => {
  const { key, url, body, by, fork, make, run } = useFork(delivery);
  const isBusy = running.value.has('fork');
  return (
    <div class="panel">
      <p class="dim">
        Copies everything in this account, its clock too, into the account of another key, whose
        contents it replaces. Change the receiver or the body there, run the same time in both, and
        compare. Another body is sent as a redelivery.
      </p>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <label>
          Key of the fork
          <input
            required
            maxLength={256}
            autocomplete="off"
            value={key.value}
            onInput={(event) => (key.value = event.currentTarget.value)}
          />
        </label>
        <label class="grow">
          Receiver in the fork
          <input
            required
            type="url"
            value={url.value}
            onInput={(event) => (url.value = event.currentTarget.value)}
          />
        </label>
        <BodyField body={body} />
        <button type="submit" class="primary" disabled={isBusy}>
          Fork
        </button>
      </form>
      {fork.value !== null && (
        <>
          <form
            class="inline-form"
            onSubmit={(event) => {
              event.preventDefault();
              void run();
            }}
          >
            <label>
              Run both for
              <input
                class="span"
                required
                value={by.value}
                onInput={(event) => (by.value = event.currentTarget.value)}
              />
            </label>
            <button type="submit" disabled={isBusy}>
              Run both
            </button>
            <button type="button" onClick={() => useKey(key.value)}>
              Open the fork
            </button>
          </form>
          <Timelines delivery={delivery} fork={fork.value} />
        </>
      )}
    </div>
  );
};
