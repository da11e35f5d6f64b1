/**
 * Edit and resend a delivery, and forge it.
 *
 * @module
 */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DeliveryDetail } from '../../../schemas/sandbox.ts';
import { prettyJson } from '../../deliveries/body-diff.ts';
import { FORGERIES, type Forgery } from '../model/forgeries.ts';
import { eventIn } from '../model/snippets.ts';
import { client, messageOf, notify, perform, running } from '../state/session.ts';
import { redeliver, showDelivery } from './actions.ts';
import { closeDialog, subject } from './dialog-state.ts';
import { Dialog } from './dialog.tsx';
import { Difference } from './difference.tsx';

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
      <Difference before={delivery.body} after={body.value} isShort />
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

/** Faults of the sender apply to new events, so the same data is sent as a new one, to this webhook only. */
const forgeByFault = async (
  delivery: DeliveryDetail,
  fault: NonNullable<Forgery['fault']>,
  name: string,
): Promise<void> => {
  const { event, webhook_id } = delivery;
  const data = eventIn(delivery.body)?.data;
  const api = client.value;
  const result = await perform('redeliver', async () => {
    const count = fault === 'burst' ? { count: 2 } : {};
    const rule = await api.faults.add({ fault, match: { event, webhook_id }, times: 1, ...count });
    try {
      return await api.events.trigger({
        event,
        webhook_id,
        ...(data === undefined ? {} : { data: { ...data } }),
      });
    } catch (error) {
      await api.faults.remove(rule.id);
      throw error;
    }
  });
  const [first] = result?.deliveries ?? [];
  if (first === undefined) return;
  closeDialog();
  showDelivery(first);
  notify(`${name}: sent as a new event.`);
};

const forge = async (delivery: DeliveryDetail, { fault, how, name }: Forgery): Promise<void> => {
  if (fault !== undefined) await forgeByFault(delivery, fault, name);
  else if (await redeliver(delivery.id, how?.(delivery) ?? {}, `${name}: sent`)) closeDialog();
};

const ForgeMenu = ({ delivery }: { delivery: DeliveryDetail }) => {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const found = FORGERIES.find(({ key }) => key === event.key);
      if (found === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      void forge(delivery, found);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [delivery]);
  return (
    <div class="forge" role="group" aria-label="Forgeries">
      {FORGERIES.map((one) => (
        <button
          key={one.key}
          type="button"
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
};

export const ForgeDialog = () => {
  const { delivery, error } = useDelivery(subject.value);
  return (
    <Dialog title="Forge this delivery" isWide>
      <p class="dim">
        Sends the event again with one thing wrong: 1, 2 and 4 as a redelivery, the others as a new
        event with the same data. Press a key.
      </p>
      {error !== null && <p class="bad">{error}</p>}
      {delivery !== null && <ForgeMenu delivery={delivery} />}
    </Dialog>
  );
};
