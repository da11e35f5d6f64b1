/**
 * Answer at once and do the work afterwards.
 *
 * After a 200 the provider never sends the event again, so it is in a file before the answer, and its work is tried until
 * it succeeds, after a restart too. The queue is bounded: when it is full the answer is 503, and the provider keeps the
 * event for us. Settings: those of webhook.ts and event-store.ts; CRM_URL.
 *
 * @module
 */
import { store } from './event-store.ts';
import { send, serve, setting, type Event } from './webhook.ts';

const MAX_QUEUED = 10_000;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;
const CRM_URL = setting('CRM_URL');

const process = ({ id, event, data }: Event): Promise<void> =>
  send(
    'POST',
    `${CRM_URL}/activities`,
    { event_id: id, activity: event, email: data['lead_email'] ?? null },
    { 'idempotency-key': id },
  );

let isWorking = false;
let timer: NodeJS.Timeout | undefined;

/** Work on what is due, one event at a time; an event that fails does not hold up the others. */
const work = async (): Promise<void> => {
  if (isWorking) return;
  isWorking = true;
  clearTimeout(timer);
  let next = store.next();
  for (; next !== null && next.dueAt <= Date.now(); next = store.next()) {
    const { event, tries } = next;
    try {
      await process(event);
      store.markDone(event.id);
    } catch (error) {
      console.error(`${event.id} will be tried again: ${String(error)}`);
      store.postpone(event.id, Math.min(FIRST_PAUSE_MS * 2 ** tries, MAX_PAUSE_MS));
    }
  }
  isWorking = false;
  if (next !== null) timer = setTimeout(() => void work(), next.dueAt - Date.now());
};

void work();
await serve((event) => {
  if (store.waiting() >= MAX_QUEUED) throw new Error('the queue is full');
  store.enqueue(event);
  void work();
});
