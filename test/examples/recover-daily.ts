/**
 * Once a day: process what the webhook failed to take, and acknowledge it. A job for cron, which ends when it is
 * through; its status is 1 when something is left for tomorrow.
 *
 * An event is acknowledged after its work is done. When the job dies in between, the work is done again tomorrow; so
 * it carries the event's id as its key. What the webhook has done already is not done again: both share a database.
 * Settings: those of event-store.ts; API_URL, API_KEY, WEBHOOK_ID, CRM_URL.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { once } from './event-store.ts';
import { exit, send, setting, type Event } from './webhook.ts';

const API = `${setting('API_URL')}/v1/webhooks/${setting('WEBHOOK_ID')}/failed-events`;
const CRM_URL = setting('CRM_URL');
const KEY = { 'x-user-context': setting('API_KEY') };

interface Page {
  readonly data: readonly Event[];
  readonly meta: { readonly next_cursor: string | null };
}

/** One call of the provider's API, which takes 60 a minute: when they are used up it says how long to wait. */
const call = async (method: 'GET' | 'POST', url: string): Promise<Response> => {
  for (;;) {
    const answer = await fetch(url, { method, headers: KEY, signal: AbortSignal.timeout(30_000) });
    if (answer.ok) return answer;
    const seconds = Number(answer.headers.get('retry-after') ?? 0);
    if (answer.status !== 429 || !(seconds > 0)) {
      throw new Error(`${method} ${url} answered ${answer.status}`);
    }
    await sleep(seconds * 1000);
  }
};

const failedEvents = async (): Promise<readonly Event[]> => {
  const events: Event[] = [];
  let query = '?limit=100';
  for (;;) {
    const { data, meta } = (await (await call('GET', API + query)).json()) as Page;
    events.push(...data);
    if (meta.next_cursor === null) return events;
    query = `?limit=100&cursor=${encodeURIComponent(meta.next_cursor)}`;
  }
};

const process = once(({ id, event, data }: Event) =>
  send(
    'POST',
    `${CRM_URL}/activities`,
    { event_id: id, activity: event, email: data['lead_email'] ?? null },
    { 'idempotency-key': id },
  ),
);

// All are listed before the first is acknowledged: to acknowledge one would shift the pages.
let [done, left] = [0, 0];
const events = await failedEvents().catch((error: unknown) =>
  exit(`No list of dead letters: ${String(error)}.`),
);
for (const event of events) {
  try {
    await process(event);
    await call('POST', `${API}/${encodeURIComponent(event.id)}/acknowledge`);
    done += 1;
  } catch (error) {
    // One that fails must not keep the others from being recovered.
    left += 1;
    console.error(`${event.id} is left: ${String(error)}`);
  }
}
console.log(`${done} recovered, ${left} left`);
globalThis.process.exitCode = left === 0 ? 0 : 1;
