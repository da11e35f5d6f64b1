/**
 * Hono and SQLite. Campaigns, and the leads that belong to them; what is over is tidied up.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const { PORT, HOOKS_PORT, SENDEMALL_SECRET, DATABASE } = process.env;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  CREATE TABLE IF NOT EXISTS activities (event_id TEXT PRIMARY KEY, type TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS campaigns (id TEXT PRIMARY KEY, name TEXT);
  CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY,
    campaign_id TEXT REFERENCES campaigns (id) ON UPDATE CASCADE ON DELETE CASCADE,
    is_suppressed INTEGER NOT NULL DEFAULT 0,
    is_unsubscribed INTEGER NOT NULL DEFAULT 0,
    open_count REAL NOT NULL DEFAULT 0,
    sentiment TEXT,
    last_reply_at TEXT
  );
  CREATE INDEX IF NOT EXISTS leads_of_campaign ON leads (campaign_id);
`;

class Database {
  #db;
  #statements = new Map();

  constructor(path) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(SCHEMA);
  }

  #prepare(text) {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }

  run(text, ...values) {
    return this.#prepare(text).run(...values).changes;
  }

  get(text, ...values) {
    return this.#prepare(text).get(...values);
  }

  transaction(action) {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      action();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

const db = new Database(DATABASE);
let isFailing = false;

const asText = (value) => (typeof value === 'string' ? value : null);

/** Times in UTC with milliseconds sort as texts. */
const sortable = (timestamp) => new Date(timestamp).toISOString();

const touchLead = (email, campaignId) => {
  if (campaignId !== null) db.run('INSERT OR IGNORE INTO campaigns (id) VALUES (?)', campaignId);
  db.run(
    `INSERT INTO leads (email, campaign_id) VALUES (?, ?)
     ON CONFLICT (email) DO UPDATE SET campaign_id = coalesce(excluded.campaign_id, campaign_id)`,
    email,
    campaignId,
  );
};

const changes = {
  'email.bounced': (email, data) => {
    if (data.bounce_type === 'hard')
      db.run('UPDATE leads SET is_suppressed = 1 WHERE email = ?', email);
  },
  'email.unsubscribed': (email, data) => {
    db.run('UPDATE leads SET is_unsubscribed = 1 WHERE email = ?', email);
    if (data.suppressed_globally === true)
      db.run('UPDATE leads SET is_suppressed = 1 WHERE email = ?', email);
  },
  'email.opened': (email, data) => {
    if (typeof data.open_count === 'number')
      db.run(
        'UPDATE leads SET open_count = max(open_count, ?) WHERE email = ?',
        data.open_count,
        email,
      );
  },
  'email.replied': (email, data, timestamp) => {
    const at = sortable(timestamp);
    db.run(
      `UPDATE leads SET sentiment = ?, last_reply_at = ?
       WHERE email = ? AND (last_reply_at IS NULL OR last_reply_at <= ?)`,
      asText(data.reply_sentiment),
      at,
      email,
      at,
    );
  },
};

const handle = ({ id, event: type, timestamp, data }) => {
  db.transaction(() => {
    if (db.run('INSERT OR IGNORE INTO activities VALUES (?, ?)', id, type) === 0) return;
    if (isFailing) throw new Error('The CRM does not answer.');
    const campaignId = asText(data.campaign_id);
    if (type === 'campaign.completed') {
      // Its leads have finished the sequence, and nothing more is sent to them.
      db.run('DELETE FROM campaigns WHERE id = ?', campaignId);
      return;
    }
    const email = asText(data.lead_email);
    if (email === null) return;
    touchLead(email, campaignId);
    if (Object.hasOwn(changes, type)) changes[type](email, data, timestamp);
  });
};

const parse = (bytes) => {
  try {
    const event = JSON.parse(bytes.toString());
    const isValid =
      ['id', 'event', 'timestamp'].every((name) => typeof event[name] === 'string') &&
      typeof event.data === 'object' &&
      event.data !== null &&
      !Array.isArray(event.data) &&
      sortable(event.timestamp) !== '';
    return isValid ? event : null;
  } catch {
    return null;
  }
};

const isAuthentic = (bytes, signature) => {
  const expected = `sha256=${createHmac('sha256', SENDEMALL_SECRET).update(bytes).digest('hex')}`;
  const given = Buffer.from(signature ?? '');
  return given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
};

const app = new Hono();
app.post('/webhooks/sendemall', async (c) => {
  const bytes = Buffer.from(await c.req.arrayBuffer());
  if (!isAuthentic(bytes, c.req.header('x-sendemall-signature')))
    return c.json({ error: 'signature' }, 401);
  const event = parse(bytes);
  if (event === null) return c.json({ error: 'event' }, 400);
  if (/^(email|campaign)\./.test(event.event)) handle(event);
  return c.json({ ok: true });
});
app.on(['GET', 'PUT', 'PATCH', 'DELETE'], '/webhooks/sendemall', (c) =>
  c.json({ error: 'POST only' }, 405),
);
app.onError((_error, c) => c.json({ error: 'try again later' }, 503));

const countOf = (type) => db.get('SELECT count(*) AS n FROM activities WHERE type = ?', type).n;

const stateOf = (email) => {
  const lead = db.get('SELECT * FROM leads WHERE email = ?', email);
  if (lead === undefined) return null;
  const sent = countOf('email.sent');
  return {
    suppressed: lead.is_suppressed === 1,
    unsubscribed: lead.is_unsubscribed === 1,
    open_count: lead.open_count,
    sentiment: lead.sentiment,
    rates: { bounce_rate: sent === 0 ? null : Math.min(1, countOf('email.bounced') / sent) },
  };
};

const keyOf = (c) => decodeURIComponent(new URL(c.req.url).pathname.split('/').slice(2).join('/'));

const hooks = new Hono();
hooks.get('/effects/*', (c) =>
  c.json({ count: db.get('SELECT count(*) AS n FROM activities WHERE event_id = ?', keyOf(c)).n }),
);
hooks.get('/leads/*', (c) => {
  const state = stateOf(keyOf(c));
  return c.json(state, state === null ? 404 : 200);
});
hooks.post('/fault', async (c) => {
  isFailing = (await c.req.json()).fail;
  return c.json({});
});

serve({ fetch: hooks.fetch, port: Number(HOOKS_PORT), hostname: '127.0.0.1' });
serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' });
process.stdin.resume().on('end', () => process.exit());
