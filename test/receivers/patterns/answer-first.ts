/**
 * Answer at once and do the work afterwards.
 *
 * After a 200 the provider never sends the event again, so the work is tried again here. The queue is bounded: when it
 * is full the answer is 503, and the provider keeps the event for us. In production, keep the queue on disk: here a
 * restart loses what was answered and is not done.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { send, serve, setting, type Event } from './webhook.ts';

const MOST_QUEUED = 10_000;
const TRIES = 5;
const FIRST_PAUSE_MS = 50;

const queue: Event[] = [];
let isWorking = false;

const process = ({ id, event, data }: Event): Promise<void> =>
  send('POST', `${setting('CRM_URL')}/activities`, {
    event_id: id,
    activity: event,
    email: data['lead_email'] ?? null,
  });

const processWithRetries = async (event: Event): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await process(event);
      return;
    } catch (error) {
      if (tries === TRIES) {
        console.error(`${event.id} is given up: ${String(error)}`);
        return;
      }
      await sleep(FIRST_PAUSE_MS * 2 ** tries);
    }
  }
};

const work = async (): Promise<void> => {
  if (isWorking) return;
  isWorking = true;
  for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
    await processWithRetries(event);
  }
  isWorking = false;
};

await serve((event) => {
  if (queue.length >= MOST_QUEUED) throw new Error('the queue is full');
  queue.push(event);
  void work();
});
