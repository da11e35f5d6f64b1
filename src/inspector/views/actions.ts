/**
 * Commands on the open delivery.
 *
 * @module
 */
import type { Delivery, RedeliverRequest } from '../../../schemas/sandbox.ts';
import { noteNewDelivery } from '../state/deliveries.ts';
import { go, route } from '../state/location.ts';
import { client, notify, perform } from '../state/session.ts';
import { cursor } from './cursor.ts';
import { openDialog } from './dialog-state.ts';

/** The delivery that commands are about: the open one, else the one under the cursor. */
export const target = (): string | null =>
  route.value.view === 'deliveries' ? (route.value.id ?? cursor.value) : null;

/** Select a delivery that was just made. */
export const showDelivery = (delivery: Delivery): void => {
  noteNewDelivery(delivery);
  cursor.value = delivery.id;
  go({ view: 'deliveries', id: delivery.id });
};

/** Redeliver and select the new delivery. */
export const redeliver = async (
  id: string,
  how: RedeliverRequest,
  what: string,
): Promise<boolean> => {
  const delivery = await perform('redeliver', () => client.value.deliveries.redeliver(id, how));
  if (delivery === null) return false;
  showDelivery(delivery);
  notify(`${what} as ${delivery.id}.`);
  return true;
};

export const act = (what: 'redeliver' | 'edit' | 'forge'): void => {
  const id = target();
  if (id === null) {
    notify('Open a delivery first.');
    return;
  }
  if (what === 'redeliver') void redeliver(id, {}, 'Sent the same bytes again');
  else openDialog(what, id);
};
