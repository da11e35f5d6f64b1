/**
 * The account: switch by key, reset, save and load a snapshot.
 *
 * @module
 */
import { useSignal } from '@preact/signals';
import { apiKey, client, notify, perform, useKey } from '../state/session.ts';
import { Page } from './page.tsx';

const saveSnapshot = async (): Promise<void> => {
  const snapshot = await perform('snapshot', () => client.value.snapshot());
  if (snapshot === null) return;
  const url = URL.createObjectURL(
    new Blob([JSON.stringify(snapshot)], { type: 'application/json' }),
  );
  const link = document.createElement('a');
  link.href = url;
  link.download = 'sendemall-mock-snapshot.json';
  link.click();
  URL.revokeObjectURL(url);
  notify('Snapshot saved. It contains the secrets of the webhooks.');
};

const loadSnapshot = async (file: File): Promise<void> => {
  const done = await perform('snapshot', async () => {
    await client.value.restore(file);
    return true;
  });
  if (done !== null) notify('Snapshot loaded.');
};

const KeyForm = () => (
  <form
    class="card stack"
    onSubmit={(event) => {
      event.preventDefault();
      const key = String(new FormData(event.currentTarget).get('key')).trim();
      useKey(key);
      notify('Account opened.');
    }}
  >
    <h3>API key</h3>
    <p class="dim">
      Each key is an account with its own webhooks, events and clock. The key stays in this tab and
      is forgotten when you close it.
    </p>
    <div class="inline-form">
      <label class="grow">
        Key
        <input
          key={apiKey.value}
          name="key"
          type="text"
          required
          maxLength={256}
          autocomplete="off"
          defaultValue={apiKey.value}
        />
      </label>
      <button type="submit" class="primary">
        Open account
      </button>
    </div>
  </form>
);

const SnapshotCard = () => (
  <div class="card stack">
    <h3>Snapshot</h3>
    <p class="dim">
      Everything in the account as one file, with the clock and the secrets of the webhooks.
    </p>
    <div class="buttons">
      <button type="button" onClick={() => void saveSnapshot()}>
        Save a snapshot
      </button>
      <label class="button">
        Load a snapshot
        <input
          class="visually-hidden"
          type="file"
          accept="application/json,.json"
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            if (file !== undefined) void loadSnapshot(file);
          }}
        />
      </label>
    </div>
  </div>
);

const ResetCard = () => {
  const isAsking = useSignal(false);
  const reset = async (): Promise<void> => {
    isAsking.value = false;
    const done = await perform('reset', async () => {
      await client.value.reset();
      return true;
    });
    if (done !== null) notify('The account is empty.');
  };
  return (
    <div class="card stack">
      <h3>Reset</h3>
      <p class="dim">
        Deletes webhooks, events, deliveries, campaigns, faults and sinks of this account.
      </p>
      <div class="buttons">
        {isAsking.value ? (
          <>
            <button type="button" class="danger" onClick={() => void reset()}>
              Yes, delete everything
            </button>
            <button type="button" onClick={() => (isAsking.value = false)}>
              Cancel
            </button>
          </>
        ) : (
          <button type="button" class="danger" onClick={() => (isAsking.value = true)}>
            Reset the account
          </button>
        )}
      </div>
    </div>
  );
};

export const AccountPage = () => (
  <Page title="Account">
    <KeyForm />
    <SnapshotCard />
    <ResetCard />
  </Page>
);
