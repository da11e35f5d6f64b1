/**
 * An inbox for SendEmAll's webhooks: verifies the signature over the raw bytes, keeps each event once, and hands it to
 * your code after the response. What is waiting survives a restart; what fails is tried again, later each time.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

/** Larger bodies are refused with 413. */
export const MAX_BYTES = 1_000_000;

const MAX_DELAY_SECONDS = 3600;

const required = (name) => {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set. Set it in the environment, or run node --env-file=.env.`);
};

/** An event, or null: what is signed but no event can never be processed. */
const parse = (body) => {
  try {
    const event = JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''));
    return typeof event?.event === 'string' && typeof event.id === 'string' ? event : null;
  } catch {
    return null;
  }
};

/**
 * Opens the inbox. Settings: SENDEMALL_SECRET; WEBHOOK_DATABASE (webhooks.db).
 *
 * @param handleEvent your work, run once for each event; let it throw when it fails
 */
export const openInbox = (handleEvent) => {
  const secret = required('SENDEMALL_SECRET');
  const database = new DatabaseSync(process.env.WEBHOOK_DATABASE ?? 'webhooks.db', {
    timeout: 5000,
  });
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS events (
      id TEXT PRIMARY KEY, body TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due_at INTEGER, done INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX IF NOT EXISTS events_due ON events (due_at) WHERE due_at IS NOT NULL;
  `);
  const insert = database.prepare(
    'INSERT INTO events (id, body, due_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const next = database.prepare(
    'SELECT id, body, tries, due_at FROM events WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1',
  );
  const finish = database.prepare('UPDATE events SET due_at = NULL, done = done + 1 WHERE id = ?');
  const postpone = database.prepare('UPDATE events SET tries = tries + 1, due_at = ? WHERE id = ?');
  const count = database.prepare('SELECT done FROM events WHERE id = ?');

  let isWorking = false;
  let timer;
  const work = async () => {
    if (isWorking) return;
    isWorking = true;
    clearTimeout(timer);
    for (;;) {
      const row = next.get();
      if (row === undefined) break;
      if (row.due_at > Date.now()) {
        timer = setTimeout(work, row.due_at - Date.now());
        break;
      }
      try {
        await handleEvent(JSON.parse(row.body));
        finish.run(row.id);
      } catch (error) {
        console.error(`${row.id} failed, and will be tried again: ${error}`);
        const seconds = Math.min(2 ** row.tries, MAX_DELAY_SECONDS);
        postpone.run(Date.now() + seconds * 1000, row.id);
      }
    }
    isWorking = false;
  };
  setImmediate(work);

  const isSigned = (body, signature) => {
    const digest = createHmac('sha256', secret).update(body).digest('hex');
    const expected = Buffer.from(`sha256=${digest}`);
    const given = Buffer.from(typeof signature === 'string' ? signature : '');
    // timingSafeEqual throws when the lengths differ.
    return given.length === expected.length && timingSafeEqual(given, expected);
  };

  return {
    /**
     * Takes one request. 200 says that the event is safe; anything but 2xx makes the provider send it again.
     *
     * @param body the raw bytes, a Buffer
     * @param signature the header X-SendEmAll-Signature
     * @returns the status to respond with
     */
    accept(body, signature) {
      if (body.length > MAX_BYTES) return 413;
      if (!isSigned(body, signature)) return 401;
      const event = parse(body);
      if (event === null) return 400;
      insert.run(event.id, JSON.stringify(event), Date.now());
      setImmediate(work);
      return 200;
    },
    /** For tests: how often this event's work was done. */
    effects: (id) => count.get(id)?.done ?? 0,
  };
};

/** Whether the test hook is open: never in production. */
export const hasTestHooks = process.env.SENDEMALL_TEST_HOOKS === '1';
