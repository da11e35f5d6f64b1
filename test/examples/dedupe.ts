/**
 * Do the work once for each event, however often it is delivered: at the same time, after a restart, and by the daily
 * recovery too. Settings: those of webhook.ts and event-store.ts; CRM_URL.
 *
 * @module
 */
import { once } from './event-store.ts';
import { send, serve, setting, type Event } from './webhook.ts';

const CRM_URL = setting('CRM_URL');

const process = ({ id, event, data }: Event): Promise<void> =>
  send(
    'POST',
    `${CRM_URL}/activities`,
    { event_id: id, activity: event, email: data['lead_email'] ?? null },
    // A crash between the work and its mark repeats the work: the key lets the CRM know.
    { 'idempotency-key': id },
  );

await serve(once(process));
