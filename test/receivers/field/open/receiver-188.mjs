// Koa in front, a worker behind, SQLite between them. Several instances may run on one database (rolling deployments):
// the one that holds the lease works, and the others only accept.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import Koa from 'koa';

const LEASE_MS = 30_000;
const INSTANCE = randomUUID();

const db = new DatabaseSync(process.env.DATABASE);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA busy_timeout = 5000;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox (done, seq);
  CREATE TABLE IF NOT EXISTS effects (event_id TEXT, type TEXT);
  CREATE INDEX IF NOT EXISTS effects_by_id ON effects (event_id);
  CREATE INDEX IF NOT EXISTS effects_by_type ON effects (type);
  CREATE TABLE IF NOT EXISTS leads (email TEXT PRIMARY KEY, state TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires INTEGER NOT NULL);
`);

const statement = {
  accept: db.prepare('INSERT INTO inbox (event_id, body) VALUES (?, ?) ON CONFLICT DO NOTHING'),
  next: db.prepare('SELECT seq, body FROM inbox WHERE done = 0 ORDER BY seq LIMIT 1'),
  done: db.prepare('UPDATE inbox SET done = 1 WHERE seq = ?'),
  effect: db.prepare('INSERT INTO effects VALUES (?, ?)'),
  effects: db.prepare('SELECT count(*) AS n FROM effects WHERE event_id = ?'),
  ofType: db.prepare('SELECT count(*) AS n FROM effects WHERE type = ?'),
  load: db.prepare('SELECT state FROM leads WHERE email = ?'),
  save: db.prepare('INSERT OR REPLACE INTO leads VALUES (?, ?)'),
  lease: db.prepare(`
    INSERT INTO lease VALUES ('worker', :me, :until)
    ON CONFLICT (name) DO UPDATE SET holder = :me, expires = :until
    WHERE holder = :me OR expires < :now`),
  release: db.prepare("DELETE FROM lease WHERE name = 'worker' AND holder = ?"),
};

let isDown = false;

const load = (email) => {
  const row = statement.load.get(email);
  return row && JSON.parse(row.state);
};

function fold(lead, { event, timestamp, data }) {
  switch (event) {
    case 'email.opened':
      return {
        ...lead,
        opens: Math.max(
          lead.opens,
          Math.min(Number(data.open_count) || 0, Number.MAX_SAFE_INTEGER),
        ),
      };
    case 'email.replied': {
      const at = Date.parse(timestamp);
      return at < lead.at ? lead : { ...lead, at, sentiment: data.reply_sentiment ?? null };
    }
    case 'email.bounced':
      return { ...lead, suppressed: lead.suppressed || data.bounce_type === 'hard' };
    case 'email.unsubscribed':
      return {
        ...lead,
        unsubscribed: true,
        suppressed: lead.suppressed || data.suppressed_globally === true,
      };
    default:
      return lead;
  }
}

const unknown = { suppressed: false, unsubscribed: false, opens: 0, sentiment: null, at: -8.64e15 };

function work(job) {
  const event = JSON.parse(job.body);
  db.exec('BEGIN IMMEDIATE');
  statement.effect.run(event.id, event.event);
  const email = event.data.lead_email;
  if (typeof email === 'string') {
    statement.save.run(email, JSON.stringify(fold(load(email) ?? unknown, event)));
  }
  statement.done.run(job.seq);
  db.exec('COMMIT');
}

const isLeader = () => {
  const now = Date.now();
  return statement.lease.run({ me: INSTANCE, until: now + LEASE_MS, now }).changes === 1;
};

let leadsUntil = 0;

function poll() {
  if (performance.now() > leadsUntil && isLeader()) leadsUntil = performance.now() + LEASE_MS / 3;
  if (performance.now() > leadsUntil || isDown) return;
  for (let job = statement.next.get(), n = 0; job && n < 50; job = statement.next.get(), n += 1) {
    work(job);
  }
}

setInterval(poll, 20);

const raw = async (ctx, next) => {
  const chunks = [];
  for await (const chunk of ctx.req) chunks.push(chunk);
  ctx.raw = Buffer.concat(chunks);
  await next();
};

const verify = async (ctx, next) => {
  if (ctx.path !== '/webhooks/sendemall') ctx.throw(404);
  if (ctx.method !== 'POST') ctx.throw(405);
  const mac = createHmac('sha256', process.env.SENDEMALL_SECRET).update(ctx.raw).digest('hex');
  const [expected, given] = [`sha256=${mac}`, ctx.get('x-sendemall-signature')].map(Buffer.from);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) ctx.throw(401);
  await next();
};

const decode = async (ctx, next) => {
  try {
    const { id, event, timestamp, data } = JSON.parse(ctx.raw);
    const isValid =
      [id, event, timestamp].every((text) => typeof text === 'string') &&
      Object.prototype.toString.call(data) === '[object Object]' &&
      Number.isFinite(Date.parse(timestamp));
    if (!isValid) throw new TypeError('Not an event');
    ctx.event = { id, event, timestamp, data };
  } catch (error) {
    ctx.throw(400, error.message);
  }
  await next();
};

const app = new Koa();
app.silent = true;
app.use(raw);
app.use(verify);
app.use(decode);
app.use((ctx) => {
  statement.accept.run(ctx.event.id, JSON.stringify(ctx.event));
  ctx.status = 202;
  ctx.body = { accepted: ctx.event.id };
});

const hooks = new Koa();
hooks.use(raw);
hooks.use((ctx) => {
  const [, kind, key] = ctx.req.url.split('/').map((part) => decodeURIComponent(part));
  if (kind === 'effects') ctx.body = { count: statement.effects.get(key).n };
  if (kind === 'leads') {
    const lead = load(key);
    if (!lead) ctx.throw(404);
    const sent = statement.ofType.get('email.sent').n;
    const bounced = statement.ofType.get('email.bounced').n;
    const { suppressed, unsubscribed, opens, sentiment } = lead;
    const rates = { bounce_rate: sent === 0 ? null : Math.min(1, bounced / sent) };
    ctx.body = { suppressed, unsubscribed, open_count: opens, sentiment, rates };
  }
  if (kind === 'fault') {
    isDown = JSON.parse(ctx.raw).fail;
    ctx.body = {};
  }
});
hooks.silent = true;

hooks.listen(process.env.HOOKS_PORT, '127.0.0.1');
app.listen(process.env.PORT, '127.0.0.1');
process.stdin.resume().once('end', () => {
  statement.release.run(INSTANCE);
  process.exit();
});
