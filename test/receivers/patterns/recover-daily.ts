/**
 * Once a day: process what the webhook failed to take, and acknowledge it. A job for cron, which ends when it is
 * through; its status is 1 when something is left for tomorrow.
 *
 * An event is acknowledged after its work is done. When the job dies in between, the work is done again tomorrow; so
 * it carries the event's id as its key.
 *
 * @module
 */
import { send, setting, type Event } from './webhook.ts';

const API = `${setting('API_URL')}/v1/webhooks/${setting('WEBHOOK_ID')}/failed-events`;
const KEY = { 'x-user-context': setting('API_KEY') };

interface Page {
  readonly data: readonly Event[];
  readonly meta: { readonly next_cursor: string | null };
}

const failedEvents = async (): Promise<readonly Event[]> => {
  const events: Event[] = [];
  let query = '?limit=100';
  for (;;) {
    const answer = await fetch(API + query, { headers: KEY, signal: AbortSignal.timeout(30_000) });
    if (!answer.ok) throw new Error(`GET ${API} answered ${answer.status}`);
    const { data, meta } = (await answer.json()) as Page;
    events.push(...data);
    if (meta.next_cursor === null) return events;
    query = `?limit=100&cursor=${encodeURIComponent(meta.next_cursor)}`;
  }
};

const process = ({ id, event, data }: Event): Promise<void> =>
  send(
    'POST',
    `${setting('CRM_URL')}/activities`,
    { event_id: id, activity: event, email: data['lead_email'] ?? null },
    { 'idempotency-key': id },
  );

// All are listed before the first is acknowledged: to acknowledge one would shift the pages.
let [done, left] = [0, 0];
for (const event of await failedEvents()) {
  try {
    await process(event);
    await send('POST', `${API}/${encodeURIComponent(event.id)}/acknowledge`, {}, KEY);
    done += 1;
  } catch (error) {
    // One that fails must not keep the others from being recovered.
    left += 1;
    console.error(`${event.id} is left: ${String(error)}`);
  }
}
console.log(`${done} recovered, ${left} left`);
globalThis.process.exitCode = left === 0 ? 0 : 1;
