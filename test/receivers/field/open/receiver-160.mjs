/**
 * Express and SQLite. Most senders say that they send JSON; the relay of the old data centre says text/plain.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import express from 'express';

const { PORT, HOOKS_PORT, SENDEMALL_SECRET, DATABASE } = process.env;
const LIMIT = '4mb';

const db = new DatabaseSync(DATABASE);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, type TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY,
    suppressed INTEGER NOT NULL DEFAULT 0,
    unsubscribed INTEGER NOT NULL DEFAULT 0,
    opens REAL NOT NULL DEFAULT 0,
    sentiment TEXT,
    replied_at REAL NOT NULL DEFAULT 0
  );
`);

const sql = {
  addEvent: db.prepare('INSERT INTO events VALUES (?, ?) ON CONFLICT DO NOTHING'),
  addLead: db.prepare('INSERT INTO leads (email) VALUES (?) ON CONFLICT DO NOTHING'),
  flag: db.prepare(
    'UPDATE leads SET suppressed = max(suppressed, :suppressed), unsubscribed = max(unsubscribed, :unsubscribed) WHERE email = :email',
  ),
  opened: db.prepare('UPDATE leads SET opens = max(opens, ?) WHERE email = ?'),
  replied: db.prepare(
    'UPDATE leads SET sentiment = :sentiment, replied_at = :at WHERE email = :email AND :at >= replied_at',
  ),
  lead: db.prepare('SELECT * FROM leads WHERE email = ?'),
  effects: db.prepare('SELECT count(*) AS n FROM events WHERE id = ?'),
  ofType: db.prepare('SELECT count(*) AS n FROM events WHERE type = ?'),
};

let isCrmDown = false;

const update = ({ event, timestamp, data }) => {
  const email = data.lead_email;
  if (typeof email !== 'string') return;
  sql.addLead.run(email);
  if (event === 'email.bounced' && data.bounce_type === 'hard')
    sql.flag.run({ suppressed: 1, unsubscribed: 0, email });
  if (event === 'email.unsubscribed')
    sql.flag.run({ suppressed: Number(data.suppressed_globally === true), unsubscribed: 1, email });
  if (event === 'email.opened' && typeof data.open_count === 'number')
    sql.opened.run(data.open_count, email);
  if (event === 'email.replied') {
    const sentiment = typeof data.reply_sentiment === 'string' ? data.reply_sentiment : null;
    sql.replied.run({ sentiment, at: Date.parse(timestamp), email });
  }
};

const processEvent = (event) => {
  db.exec('BEGIN IMMEDIATE');
  try {
    if (sql.addEvent.run(event.id, event.event).changes > 0) {
      if (isCrmDown) throw new Error('The CRM is down.');
      update(event);
    }
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
};

const isText = (value) => typeof value === 'string' && value !== '';

const isEvent = (value) =>
  value !== null &&
  typeof value === 'object' &&
  [value.id, value.event, value.timestamp].every(isText) &&
  /^\d{4}-\d\d-\d\dT/.test(value.timestamp) &&
  !Number.isNaN(Date.parse(value.timestamp)) &&
  value.data !== null &&
  typeof value.data === 'object' &&
  !Array.isArray(value.data);

/** Sees the bytes of a body before it is parsed. */
const verify = (request, _response, bytes) => {
  const hash = createHmac('sha256', SENDEMALL_SECRET).update(bytes).digest('hex');
  const expected = Buffer.from(`sha256=${hash}`);
  const given = Buffer.from(request.get('x-sendemall-signature') ?? '');
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw Object.assign(new Error('invalid signature'), { status: 401 });
};

/** Text that is JSON all the same. */
const parseText = (request, response, next) => {
  if (typeof request.body !== 'string') return next();
  try {
    request.body = JSON.parse(request.body);
    next();
  } catch {
    response.status(400).json({ error: 'invalid JSON' });
  }
};

const app = express().disable('x-powered-by');
app.use('/webhooks', express.json({ limit: LIMIT, verify }));
app.use('/webhooks', express.text({ limit: LIMIT, type: () => true }), parseText);

app
  .route('/webhooks/sendemall')
  .post((request, response) => {
    const event = request.body;
    if (event === undefined) return response.status(400).json({ error: 'no body' });
    if (!isEvent(event)) return response.status(422).json({ error: 'not an event' });
    if (/^(email|campaign)\./.test(event.event)) processEvent(event);
    response.json({ received: true });
  })
  .all((_request, response) => response.status(405).json({ error: 'POST only' }));

app.use((error, _request, response, _next) => {
  const status = error.status ?? 500;
  response.status(status).json({ error: status < 500 ? error.message : 'try again later' });
});

const hooks = express().use(express.json());
hooks.get('/effects/:id', (request, response) => {
  response.json({ count: sql.effects.get(request.params.id).n });
});
hooks.get('/leads/:email', (request, response) => {
  const lead = sql.lead.get(request.params.email);
  if (lead === undefined) return response.status(404).json(null);
  const sent = sql.ofType.get('email.sent').n;
  const bounced = sql.ofType.get('email.bounced').n;
  response.json({
    suppressed: lead.suppressed === 1,
    unsubscribed: lead.unsubscribed === 1,
    open_count: lead.opens,
    sentiment: lead.sentiment,
    rates: { bounce_rate: sent === 0 ? null : Math.min(1, bounced / sent) },
  });
});
hooks.post('/fault', (request, response) => {
  isCrmDown = request.body.fail;
  response.json({});
});

hooks.listen(Number(HOOKS_PORT), '127.0.0.1');
app.listen(Number(PORT), '127.0.0.1');
process.stdin.resume().on('end', () => process.exit());
