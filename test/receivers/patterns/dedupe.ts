/**
 * Do the work once for each event, however often it is delivered, at the same time too.
 *
 * An id is remembered when its work is done, not before: what has failed must be done when it comes again. In
 * production, keep the ids in a table with a unique key, in one transaction with the work: here a restart forgets them.
 *
 * @module
 */
import { send, serve, setting, type Event } from './webhook.ts';

const MOST_REMEMBERED = 100_000;

/** Work that is done, or being done, by the event's id; the oldest first. */
const work = new Map<string, Promise<void>>();

const process = ({ id, event, data }: Event): Promise<void> =>
  send('POST', `${setting('CRM_URL')}/activities`, {
    event_id: id,
    activity: event,
    email: data['lead_email'] ?? null,
  });

await serve((event) => {
  const known = work.get(event.id);
  // Whoever comes second waits for the first one's end: to answer 200 before it would promise too much.
  if (known !== undefined) return known;
  const done = process(event);
  work.set(event.id, done);
  done.catch(() => work.delete(event.id));
  const [oldest] = work.keys();
  if (work.size > MOST_REMEMBERED && oldest !== undefined) work.delete(oldest);
  return done;
});
