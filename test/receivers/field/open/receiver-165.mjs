/**
 * Accepts events at once. Those of a lead wait until nothing has come for a while, and are then processed in the order of
 * their timestamps: what belongs together often arrives in a muddle.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

const { PORT, HOOKS_PORT, SENDEMALL_SECRET, DATABASE } = process.env;
const QUIET_MS = 500;
const MAX_WAIT_MS = 2000;
const RETRY_MS = 400;

const db = new DatabaseSync(DATABASE);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, lane TEXT NOT NULL, at REAL NOT NULL, event TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0);
  CREATE INDEX IF NOT EXISTS inbox_by_lane ON inbox (lane, done, at);
  CREATE TABLE IF NOT EXISTS types (name TEXT PRIMARY KEY, number INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS leads (email TEXT PRIMARY KEY, state TEXT NOT NULL);
`);
const accept = db.prepare('INSERT OR IGNORE INTO inbox (id, lane, at, event) VALUES (?, ?, ?, ?)');
const waiting = db.prepare(
  'SELECT id, event FROM inbox WHERE lane = ? AND done = 0 ORDER BY at, id',
);
const lanes = db.prepare('SELECT DISTINCT lane FROM inbox WHERE done = 0');
const finish = db.prepare('UPDATE inbox SET done = 1 WHERE id = ?');
const count = db.prepare(
  'INSERT INTO types VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET number = number + 1',
);
const total = db.prepare('SELECT number FROM types WHERE name = ?');
const load = db.prepare('SELECT state FROM leads WHERE email = ?');
const save = db.prepare('INSERT OR REPLACE INTO leads VALUES (?, ?)');

let isDown = false;

const EMPTY = { suppressed: false, unsubscribed: false, opens: 0, sentiment: null, repliedAt: 0 };

const leadOf = (email) => {
  const row = load.get(email);
  return row === undefined ? null : JSON.parse(row.state);
};

const next = (lead, { event, timestamp, data }) => {
  const at = Date.parse(timestamp);
  switch (event) {
    case 'email.opened':
      return { ...lead, opens: Math.max(lead.opens, Number(data.open_count) || 0) };
    case 'email.bounced':
      return { ...lead, suppressed: lead.suppressed || data.bounce_type === 'hard' };
    case 'email.unsubscribed':
      return {
        ...lead,
        unsubscribed: true,
        suppressed: lead.suppressed || data.suppressed_globally === true,
      };
    case 'email.replied':
      return at < lead.repliedAt
        ? lead
        : { ...lead, sentiment: data.reply_sentiment ?? null, repliedAt: at };
    default:
      return lead;
  }
};

const work = (lane) => {
  if (isDown) throw new Error('The CRM is down.');
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const { id, event: text } of waiting.all(lane)) {
      const event = JSON.parse(text);
      const email = event.data.lead_email;
      count.run(event.event);
      if (typeof email === 'string')
        save.run(email, JSON.stringify(next(leadOf(email) ?? EMPTY, event)));
      finish.run(id);
    }
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
};

/** When each lane is due at the latest, and its timer. */
const timers = new Map();

const schedule = (lane, delay = QUIET_MS) => {
  const now = performance.now();
  const { timer, latest = now + MAX_WAIT_MS } = timers.get(lane) ?? {};
  clearTimeout(timer);
  const run = () => {
    timers.delete(lane);
    try {
      work(lane);
    } catch {
      schedule(lane, RETRY_MS);
    }
  };
  timers.set(lane, { latest, timer: setTimeout(run, Math.max(0, Math.min(delay, latest - now))) });
};

const parse = (body) => {
  try {
    const event = JSON.parse(body.toString());
    const texts = [event.id, event.event, event.timestamp];
    const isValid =
      texts.every((text) => typeof text === 'string') &&
      Number.isFinite(Date.parse(event.timestamp)) &&
      typeof event.data === 'object' &&
      event.data !== null &&
      !Array.isArray(event.data);
    return isValid ? event : null;
  } catch {
    return null;
  }
};

const isSigned = (body, given = '') => {
  const expected = Buffer.from(
    `sha256=${createHmac('sha256', SENDEMALL_SECRET).update(body).digest('hex')}`,
  );
  const actual = Buffer.from(given);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
};

const readBody = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const statusFor = async (request) => {
  const body = await readBody(request);
  if (request.url.split('?')[0] !== '/webhooks/sendemall') return 404;
  if (request.method !== 'POST') return 405;
  if (!isSigned(body, request.headers['x-sendemall-signature'])) return 401;
  const event = parse(body);
  if (event === null) return 400;
  if (!/^(email|campaign)\./.test(event.event)) return 200;
  const { lead_email: email } = event.data;
  const lane = typeof email === 'string' ? email : event.id;
  const { changes } = accept.run(
    event.id,
    lane,
    Date.parse(event.timestamp),
    JSON.stringify(event),
  );
  if (changes > 0) schedule(lane);
  return 202;
};

const stateOf = (email) => {
  const lead = leadOf(email);
  if (lead === null) return null;
  const sent = total.get('email.sent')?.number ?? 0;
  const bounced = total.get('email.bounced')?.number ?? 0;
  return {
    suppressed: lead.suppressed,
    unsubscribed: lead.unsubscribed,
    open_count: lead.opens,
    sentiment: lead.sentiment,
    rates: { bounce_rate: sent === 0 ? null : Math.min(1, bounced / sent) },
  };
};

const hook = async (request) => {
  const [, kind, ...rest] = request.url.split('/');
  const key = decodeURIComponent(rest.join('/'));
  if (kind === 'effects')
    return {
      count: db.prepare('SELECT count(*) AS n FROM inbox WHERE id = ? AND done = 1').get(key).n,
    };
  if (kind === 'leads') return stateOf(key);
  isDown = JSON.parse(await readBody(request)).fail;
  return {};
};

const listen = (port, answer) => {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.listen(Number(port), '127.0.0.1');
};

for (const { lane } of lanes.all()) schedule(lane);
listen(HOOKS_PORT, async (request, response) => {
  const found = await hook(request);
  response.writeHead(found === null ? 404 : 200).end(JSON.stringify(found));
});
listen(PORT, async (request, response) => {
  response.writeHead(await statusFor(request)).end();
});
process.stdin.resume().on('end', () => process.exit());
