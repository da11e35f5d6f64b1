/**
 * Which events are waiting and which are done, in a SQLite file: it outlives a restart, and the webhook shares it with
 * the daily recovery. Settings: DATABASE (webhook-events.db).
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite';
import { exit, setting, type Event } from './webhook.ts';

/** A dead letter is not recovered after this long. */
const KEEP_DONE_MS = 90 * 24 * 3_600_000;

const open = (file: string): DatabaseSync => {
  try {
    const database = new DatabaseSync(file, { timeout: 5000 });
    database.exec(`
      PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS events (
        id TEXT PRIMARY KEY, body TEXT, tries INTEGER NOT NULL DEFAULT 0, due_at INTEGER, done_at INTEGER
      );
      CREATE INDEX IF NOT EXISTS events_due ON events (due_at) WHERE due_at IS NOT NULL;
    `);
    return database;
  } catch (error) {
    return exit(
      `Cannot open ${file}: ${String(error)}. Set DATABASE to a file that can be written.`,
    );
  }
};

const database = open(setting('DATABASE', 'webhook-events.db'));
database.prepare('DELETE FROM events WHERE done_at < ?').run(Date.now() - KEEP_DONE_MS);

const done = database.prepare('SELECT 1 FROM events WHERE id = ? AND done_at IS NOT NULL');
const markDone = database.prepare(
  'INSERT INTO events (id, done_at) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET done_at = ?2, due_at = NULL, body = NULL',
);
const enqueue = database.prepare(
  'INSERT INTO events (id, body, due_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
);
const next = database.prepare(
  'SELECT body, tries, due_at FROM events WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1',
);
const postpone = database.prepare('UPDATE events SET tries = tries + 1, due_at = ? WHERE id = ?');
const count = database.prepare('SELECT count(*) AS waiting FROM events WHERE due_at IS NOT NULL');

export interface Queued {
  readonly event: Event;
  readonly tries: number;
  readonly dueAt: number;
}

export const store = {
  isDone: (id: string): boolean => done.get(id) !== undefined,
  markDone: (id: string): void => void markDone.run(id, Date.now()),
  /** Add an event to the queue, unless it is there or done already. */
  enqueue: (event: Event): void => void enqueue.run(event.id, JSON.stringify(event), Date.now()),
  /** The queued event that is due first. */
  next: (): Queued | null => {
    const row = next.get();
    if (row === undefined) return null;
    const event = JSON.parse(String(row['body'])) as Event;
    return { event, tries: Number(row['tries']), dueAt: Number(row['due_at']) };
  },
  postpone: (id: string, ms: number): void => void postpone.run(Date.now() + ms, id),
  waiting: (): number => Number(count.get()?.['waiting']),
};

/**
 * Wrap a handler so that it does each event's work once, however often the event is delivered, even at the same time.
 * An event is marked when its work is done, not before: what has failed must be done when it comes again.
 */
export const once = (
  handle: (event: Event) => Promise<void>,
): ((event: Event) => void | Promise<void>) => {
  const inProgress = new Map<string, Promise<void>>();
  const work = async (event: Event): Promise<void> => {
    try {
      await handle(event);
      store.markDone(event.id);
    } finally {
      inProgress.delete(event.id);
    }
  };
  return (event) => {
    if (store.isDone(event.id)) return;
    // A second delivery waits for the first one's end: to answer 200 before it would promise too much.
    const known = inProgress.get(event.id);
    if (known !== undefined) return known;
    const started = work(event);
    inProgress.set(event.id, started);
    return started;
  };
};
