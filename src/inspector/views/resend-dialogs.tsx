/**
 * Edit and resend a delivery, and forge it.
 *
 * @module
 */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DeliveryDetail } from '../../../schemas/sandbox.ts';
import { prettyJson } from '../model/body-diff.ts';
import { FORGERIES, type Forgery } from '../model/forgeries.ts';
import { client, messageOf, perform, running } from '../state/session.ts';
import { redeliver } from './actions.ts';
import { closeDialog, subject } from './dialog-state.ts';
import { Dialog } from './dialog.tsx';

const useDelivery = (id: string | null) => {
  const delivery = useSignal<DeliveryDetail | null>(null);
  const error = useSignal<string | null>(null);
  useEffect(() => {
    if (id === null) return;
    client.value.deliveries.get(id).then(
      (value) => (delivery.value = value),
      (reason: unknown) => (error.value = messageOf(reason)),
    );
  }, [id]);
  return { delivery: delivery.value, error: error.value };
};

const problemIn = (text: string): string => {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return `Not JSON (it is sent all the same): ${error instanceof Error ? error.message : ''}`;
  }
};

const EditForm = ({ delivery }: { delivery: DeliveryDetail }) => {
  const body = useSignal(delivery.body);
  const signature = useSignal<'valid' | 'wrong' | 'missing'>('valid');
  const send = async (): Promise<void> => {
    const isSame = body.value === delivery.body;
    const how = { ...(isSame ? {} : { body: body.value }), signature: signature.value };
    if (await redeliver(delivery.id, how, isSame ? 'Sent again' : 'Sent the edited body'))
      closeDialog();
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="body-bar">
        <h3 id="edit-body">Body</h3>
        <div class="buttons">
          <button type="button" class="small" onClick={() => (body.value = prettyJson(body.value))}>
            Indent
          </button>
          <button type="button" class="small" onClick={() => (body.value = delivery.body)}>
            Restore
          </button>
        </div>
      </div>
      <textarea
        aria-labelledby="edit-body"
        rows={18}
        spellcheck={false}
        value={body.value}
        onInput={(event) => (body.value = event.currentTarget.value)}
      />
      <p class="problems" aria-live="polite">
        {problemIn(body.value)}
      </p>
      <label>
        Signature
        <select
          value={signature.value}
          onChange={(event) => (signature.value = event.currentTarget.value as 'valid')}
        >
          <option value="valid">valid for this body</option>
          <option value="wrong">with a wrong secret</option>
          <option value="missing">none</option>
        </select>
      </label>
      <footer class="form-end">
        <button type="submit" class="primary" disabled={running.value.has('redeliver')}>
          {body.value === delivery.body ? 'Send the same bytes' : 'Send the edited body'}
        </button>
      </footer>
    </form>
  );
};

export const EditDialog = () => {
  const { delivery, error } = useDelivery(subject.value);
  return (
    <Dialog title="Edit and resend" isWide>
      {error !== null && <p class="bad">{error}</p>}
      {delivery !== null && <EditForm delivery={delivery} />}
    </Dialog>
  );
};

const forge = async (delivery: DeliveryDetail, { fault, how, name }: Forgery): Promise<void> => {
  if (fault !== undefined) {
    const match = { event: delivery.event, webhook_id: delivery.webhook_id };
    const count = fault === 'burst' ? { count: 2 } : {};
    const rule = await perform('forge', () =>
      client.value.faults.add({ fault, match, times: 1, ...count }),
    );
    if (rule === null) return;
  }
  if (await redeliver(delivery.id, how?.(delivery) ?? {}, `${name}: sent`)) closeDialog();
};

const ForgeMenu = ({ delivery }: { delivery: DeliveryDetail }) => (
  <div
    class="forge"
    role="group"
    aria-label="Forgeries"
    onKeyDown={(event) => {
      const found = FORGERIES.find(({ key }) => key === event.key);
      if (found === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      void forge(delivery, found);
    }}
  >
    {FORGERIES.map((one, index) => (
      <button
        key={one.key}
        type="button"
        autoFocus={index === 0}
        disabled={running.value.has('redeliver')}
        onClick={() => void forge(delivery, one)}
      >
        <kbd>{one.key}</kbd>
        <span>
          <b>{one.name}</b>
          <span class="dim">{one.help}</span>
        </span>
      </button>
    ))}
  </div>
);

export const ForgeDialog = () => {
  const { delivery, error } = useDelivery(subject.value);
  return (
    <Dialog title="Forge this delivery" isWide>
      <p class="dim">Sends the event again with one thing wrong. Press its key.</p>
      {error !== null && <p class="bad">{error}</p>}
      {delivery !== null && <ForgeMenu delivery={delivery} />}
    </Dialog>
  );
};
