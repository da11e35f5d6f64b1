/**
 * Register or edit a webhook, and rotate its secret.
 *
 * @module
 */
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import type { Subscription } from '../../../schemas/control.ts';
import { client, notify, perform } from '../state/session.ts';
import { webhooks } from '../state/webhooks.ts';
import { closeDialog, subject } from './dialog-state.ts';
import { Dialog } from './dialog.tsx';

const MIN_SECRET_LENGTH = 8;

const newSecret = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
};

const save = async (id: string | null, form: FormData): Promise<void> => {
  const url = String(form.get('url')).trim();
  const chosen = form.getAll('events').map(String) as Subscription[];
  const events: Subscription[] =
    chosen.length === 0 || chosen.length === EVENT_TYPES.length ? ['*'] : chosen;
  const secret = String(form.get('secret') ?? '');
  const webhook = await perform('webhook', () =>
    id === null
      ? client.value.webhooks.create({ url, events, secret })
      : client.value.webhooks.update(id, { url, events }),
  );
  if (webhook === null) return;
  closeDialog();
  notify(id === null ? `Registered ${webhook.id}.` : `Saved ${webhook.id}.`);
};

const SecretField = ({ label }: { label: string }) => (
  <label class="full">
    {label}
    <span class="inline-form">
      <input
        class="mono grow"
        name="secret"
        type="text"
        required
        minLength={MIN_SECRET_LENGTH}
        maxLength={256}
        autocomplete="off"
        spellcheck={false}
        defaultValue={newSecret()}
      />
    </span>
    <span class="dim">Copy it into your receiver now: it is not shown again.</span>
  </label>
);

export const WebhookDialog = () => {
  const id = subject.value;
  const webhook = webhooks.value.find((one) => one.id === id);
  const all = webhook === undefined || webhook.events.includes('*');
  return (
    <Dialog title={id === null ? 'Register a webhook' : `Edit ${id}`}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save(id, new FormData(event.currentTarget));
        }}
      >
        <label class="full">
          URL of the receiver
          <input
            name="url"
            type="url"
            required
            maxLength={2048}
            placeholder="http://localhost:3000/webhooks/sendemall"
            defaultValue={webhook?.url ?? ''}
          />
        </label>
        <fieldset>
          <legend>Events</legend>
          <div class="checks">
            {EVENT_TYPES.map((name) => (
              <label key={name} class="check">
                <input
                  type="checkbox"
                  name="events"
                  value={name}
                  defaultChecked={all || webhook?.events.includes(name)}
                />
                {name}
              </label>
            ))}
          </div>
        </fieldset>
        {id === null && <SecretField label="Signing secret" />}
        <footer class="form-end">
          <button type="submit" class="primary">
            {id === null ? 'Register' : 'Save'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
};

export const SecretDialog = () => {
  const id = subject.value ?? '';
  return (
    <Dialog title={`Rotate the secret of ${id}`}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          const secret = String(new FormData(event.currentTarget).get('secret'));
          void perform('webhook', () => client.value.webhooks.rotateSecret(id, secret)).then(
            (done) => {
              if (done === null) return;
              closeDialog();
              notify(`${id} signs with the new secret from its next attempt on.`);
            },
          );
        }}
      >
        <SecretField label="New signing secret" />
        <footer class="form-end">
          <button type="submit" class="primary">
            Rotate
          </button>
        </footer>
      </form>
    </Dialog>
  );
};
