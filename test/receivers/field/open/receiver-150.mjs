// Webhook receiver that makes guessing slow: whoever does not know the secret waits for the answer.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

const TARPIT_MS = 1500;

const settings = {
  secret: process.env.SENDEMALL_SECRET,
  path: '/webhooks/sendemall',
};

const database = new DatabaseSync(process.env.DATABASE);
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS processed (id TEXT PRIMARY KEY, kind TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS processed_kind ON processed (kind);
  CREATE TABLE IF NOT EXISTS flags (email TEXT NOT NULL, flag TEXT NOT NULL, PRIMARY KEY (email, flag));
  CREATE TABLE IF NOT EXISTS opens (email TEXT PRIMARY KEY, count REAL NOT NULL);
  CREATE TABLE IF NOT EXISTS replies (email TEXT PRIMARY KEY, sentiment TEXT, at REAL NOT NULL);
`);

const statements = Object.fromEntries(
  Object.entries({
    process: 'INSERT OR IGNORE INTO processed VALUES (?, ?)',
    isProcessed: 'SELECT count(*) AS n FROM processed WHERE id = ?',
    ofKind: 'SELECT count(*) AS n FROM processed WHERE kind = ?',
    flag: 'INSERT OR IGNORE INTO flags VALUES (?, ?)',
    flags: 'SELECT flag FROM flags WHERE email = ?',
    open: `INSERT INTO opens VALUES (?, ?)
           ON CONFLICT (email) DO UPDATE SET count = max(count, excluded.count)`,
    opens: 'SELECT count FROM opens WHERE email = ?',
    reply: `INSERT INTO replies VALUES (?, ?, ?) ON CONFLICT (email) DO UPDATE
            SET sentiment = excluded.sentiment, at = excluded.at WHERE excluded.at >= at`,
    replies: 'SELECT sentiment FROM replies WHERE email = ?',
  }).map(([name, sql]) => [name, database.prepare(sql)]),
);

let outage = false;

const record = ({ event, timestamp, data }) => {
  const email = data.lead_email;
  if (typeof email !== 'string') return;
  statements.flag.run(email, 'known');
  if (event === 'email.opened') {
    const count = Number(data.open_count);
    if (Number.isFinite(count)) statements.open.run(email, count);
  }
  if (event === 'email.replied') {
    const { reply_sentiment: sentiment } = data;
    const text = typeof sentiment === 'string' ? sentiment : null;
    statements.reply.run(email, text, Date.parse(timestamp));
  }
  if (event === 'email.unsubscribed') statements.flag.run(email, 'unsubscribed');
  const isSuppressed =
    (event === 'email.unsubscribed' && data.suppressed_globally === true) ||
    (event === 'email.bounced' && data.bounce_type === 'hard');
  if (isSuppressed) statements.flag.run(email, 'suppressed');
};

const handle = (event) => {
  database.exec('BEGIN');
  let isOver = false;
  try {
    const { changes } = statements.process.run(event.id, event.event);
    if (changes === 1 && outage) throw new Error('outage');
    if (changes === 1) record(event);
    database.exec('COMMIT');
    isOver = true;
  } finally {
    if (!isOver) database.exec('ROLLBACK');
  }
};

const isGenuine = (body, header) => {
  const expected = `sha256=${createHmac('sha256', settings.secret).update(body).digest('hex')}`;
  const a = Buffer.from(expected);
  const b = Buffer.from(String(header));
  return a.length === b.length && timingSafeEqual(a, b);
};

const eventIn = (body) => {
  try {
    const event = JSON.parse(body);
    const hasTexts = ['id', 'event', 'timestamp'].every((name) => typeof event[name] === 'string');
    const hasData = event.data instanceof Object && !Array.isArray(event.data);
    const hasTime = !Number.isNaN(Date.parse(event.timestamp));
    return hasTexts && hasData && hasTime ? event : undefined;
  } catch {
    return undefined;
  }
};

const statusFor = async (request, body) => {
  if (request.url.replace(/\?.*/, '') !== settings.path) return 404;
  if (request.method !== 'POST') return 405;
  if (!isGenuine(body, request.headers['x-sendemall-signature'])) {
    await delay(TARPIT_MS);
    return 401;
  }
  const event = eventIn(body);
  if (event === undefined) return 400;
  if (!event.event.startsWith('email.') && !event.event.startsWith('campaign.')) return 200;
  try {
    handle(event);
    return 200;
  } catch {
    return 503;
  }
};

const bodyOf = async (request) => Buffer.concat(await Array.fromAsync(request));

const receive = async (request, response) => {
  try {
    const status = await statusFor(request, await bodyOf(request));
    response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${status}\n`);
  } catch {
    response.destroy();
  }
};

const webhook = createServer((request, response) => void receive(request, response));

const stateOf = (email) => {
  const flags = new Set(statements.flags.all(email).map(({ flag }) => flag));
  if (!flags.has('known')) return null;
  const sent = statements.ofKind.get('email.sent').n;
  const bounced = statements.ofKind.get('email.bounced').n;
  return {
    suppressed: flags.has('suppressed'),
    unsubscribed: flags.has('unsubscribed'),
    open_count: statements.opens.get(email)?.count ?? 0,
    sentiment: statements.replies.get(email)?.sentiment ?? null,
    rates: { bounce_rate: sent === 0 ? null : Math.min(1, bounced / sent) },
  };
};

const answerHook = async (request, response) => {
  const [, kind, key] = /^\/([^/]+)\/?(.*)$/.exec(request.url);
  let found = {};
  if (kind === 'fault') outage = JSON.parse(await bodyOf(request)).fail;
  if (kind === 'effects') found = { count: statements.isProcessed.get(decodeURIComponent(key)).n };
  if (kind === 'leads') found = stateOf(decodeURIComponent(key));
  response.writeHead(found === null ? 404 : 200).end(JSON.stringify(found));
};

const hooks = createServer((request, response) => void answerHook(request, response));

webhook.listen(Number(process.env.PORT), '127.0.0.1');
hooks.listen(Number(process.env.HOOKS_PORT), '127.0.0.1');
process.stdin.on('end', () => process.exit()).resume();
