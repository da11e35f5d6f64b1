/** Webhook endpoint of the marketing site (Express 5). */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import express from 'express';

const { PORT, HOOKS_PORT, SENDEMALL_SECRET, DATABASE } = process.env;

fs.closeSync(fs.openSync(DATABASE, 'a'));
const db = new DatabaseSync(DATABASE);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS webhook_events (id TEXT PRIMARY KEY, type TEXT, received_at INTEGER);
  CREATE INDEX IF NOT EXISTS webhook_events_type ON webhook_events (type);
  CREATE TABLE IF NOT EXISTS contacts (
    email TEXT PRIMARY KEY,
    do_not_contact INTEGER NOT NULL DEFAULT 0,
    opted_out INTEGER NOT NULL DEFAULT 0,
    opens REAL NOT NULL DEFAULT 0,
    sentiment TEXT,
    sentiment_at REAL NOT NULL DEFAULT -1e15
  );
`);
const sql = {
  known: db.prepare('SELECT 1 FROM webhook_events WHERE id = ?'),
  insert: db.prepare('INSERT INTO webhook_events VALUES (?, ?, ?)'),
  total: db.prepare('SELECT count(*) AS n FROM webhook_events WHERE type = ?'),
  contact: db.prepare('INSERT OR IGNORE INTO contacts (email) VALUES (?)'),
  find: db.prepare('SELECT * FROM contacts WHERE email = ?'),
  block: db.prepare('UPDATE contacts SET do_not_contact = 1 WHERE email = ?'),
  optOut: db.prepare('UPDATE contacts SET opted_out = 1 WHERE email = ?'),
  opens: db.prepare('UPDATE contacts SET opens = max(opens, ?) WHERE email = ?'),
  reply: db.prepare(
    'UPDATE contacts SET sentiment = ?1, sentiment_at = ?2 WHERE email = ?3 AND sentiment_at <= ?2',
  ),
};

let outage = false;

const handlers = {
  'email.opened': ({ lead_email, open_count }) => {
    if (Number.isFinite(open_count)) sql.opens.run(open_count, lead_email);
  },
  'email.replied': ({ lead_email, reply_sentiment }, at) =>
    sql.reply.run(typeof reply_sentiment === 'string' ? reply_sentiment : null, at, lead_email),
  'email.bounced': ({ lead_email, bounce_type }) => {
    if (bounce_type === 'hard') sql.block.run(lead_email);
  },
  'email.unsubscribed': ({ lead_email, suppressed_globally }) => {
    sql.optOut.run(lead_email);
    if (suppressed_globally === true) sql.block.run(lead_email);
  },
};

function processEvent({ id, event, timestamp, data }) {
  if (sql.known.get(id)) return;
  if (outage) throw new Error('The CRM is not available');
  db.exec('BEGIN IMMEDIATE');
  try {
    sql.insert.run(id, event, Date.now());
    if (typeof data.lead_email === 'string') {
      sql.contact.run(data.lead_email);
      if (Object.hasOwn(handlers, event)) handlers[event](data, Date.parse(timestamp));
    }
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

function verifySignature(req, res, next) {
  const digest = crypto.createHmac('sha256', SENDEMALL_SECRET).update(req.body).digest('hex');
  const expected = Buffer.from(`sha256=${digest}`);
  const actual = Buffer.from(req.get('x-sendemall-signature') ?? '');
  if (expected.length !== actual.length || !crypto.timingSafeEqual(expected, actual)) {
    return res.status(401).json({ error: 'Invalid signature' });
  }
  return next();
}

function parseEvent(req, res, next) {
  let event;
  try {
    event = JSON.parse(req.body);
  } catch {
    return res.status(400).json({ error: 'Invalid JSON' });
  }
  const isText = (value) => typeof value === 'string';
  const isEvent =
    [event?.id, event?.event, event?.timestamp].every(isText) &&
    event.data?.constructor === Object &&
    !Number.isNaN(Date.parse(event.timestamp));
  if (!isEvent) return res.status(422).json({ error: 'Not an event' });
  req.event = event;
  return next();
}

const app = express();
app.disable('x-powered-by');
app.enable('case sensitive routing');
app.enable('strict routing');

const webhook = express.Router({ caseSensitive: true, strict: true });
webhook.use(express.raw({ type: () => true, limit: '5mb' }), (req, res, next) => {
  req.body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
  next();
});
webhook.post('/webhooks/sendemall', verifySignature);
webhook.get('/webhooks/sendemall', (req, res) => res.status(405).send('POST only'));
webhook.delete('/webhooks/sendemall', (req, res) => res.status(405).send('POST only'));
webhook.all('/webhooks/sendemall', parseEvent, (req, res) => {
  processEvent(req.event);
  res.json({ received: true });
});
app.use(webhook);
app.use((req, res) => res.status(404).json({ error: 'Not found' }));
app.use((error, req, res, next) => {
  if (res.headersSent) return next(error);
  return res.status(error.status ?? 500).json({ error: 'Failed' });
});

const hooks = express();
hooks.get('/effects/:id', (req, res) => res.json({ count: sql.known.get(req.params.id) ? 1 : 0 }));
hooks.get('/leads/:email', (req, res) => {
  const contact = sql.find.get(req.params.email);
  if (!contact) return res.status(404).json({});
  const sent = sql.total.get('email.sent').n;
  const rate = sent ? Math.min(1, sql.total.get('email.bounced').n / sent) : null;
  return res.json({
    suppressed: contact.do_not_contact === 1,
    unsubscribed: contact.opted_out === 1,
    open_count: contact.opens,
    sentiment: contact.sentiment,
    rates: { bounce_rate: rate },
  });
});
hooks.post('/fault', express.json({ type: () => true }), (req, res) => {
  outage = req.body.fail;
  res.json({});
});

hooks.listen(HOOKS_PORT, '127.0.0.1');
app.listen(PORT, '127.0.0.1');
process.stdin.resume().on('end', () => process.exit(0));
