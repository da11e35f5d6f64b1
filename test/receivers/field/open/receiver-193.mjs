// Fastify. The CRM allows 40 calls a second, so events take turns: a burst is not refused, its requests wait.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import fastify from 'fastify';

const RATE_PER_SECOND = 40;
const BURST = 20;

/** A token bucket: each caller gets a time slot. */
const createLimiter = () => {
  let free = 0;
  return async () => {
    const now = performance.now();
    free = Math.max(free, now - (BURST * 1000) / RATE_PER_SECOND) + 1000 / RATE_PER_SECOND;
    if (free > now) await sleep(free - now);
  };
};

const db = new DatabaseSync(process.env.DATABASE);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS facts (
    event_id TEXT PRIMARY KEY, kind TEXT NOT NULL, email TEXT, happened REAL, hard INTEGER, opens REAL, sentiment TEXT
  );
  CREATE INDEX IF NOT EXISTS facts_email ON facts (email, kind);
  CREATE INDEX IF NOT EXISTS facts_kind ON facts (kind);
`);
const insert = db.prepare('INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)');
const find = db.prepare('SELECT count(*) AS count FROM facts WHERE event_id = ?');
const total = db.prepare('SELECT count(*) AS count FROM facts WHERE kind = ?');
const summary = db.prepare(`
  SELECT count(*) AS facts, max(hard) AS suppressed, max(kind = 'email.unsubscribed') AS unsubscribed, max(opens) AS opens
  FROM facts WHERE email = ?`);
const latest = db.prepare(`
  SELECT sentiment FROM facts WHERE email = ? AND kind = 'email.replied' ORDER BY happened DESC, rowid DESC LIMIT 1`);

const crm = { isDown: false, turn: createLimiter() };

const store = ({ id, event, timestamp, data }) => {
  const text = (value) => (typeof value === 'string' ? value : null);
  const isFinal =
    (event === 'email.bounced' && data.bounce_type === 'hard') ||
    (event === 'email.unsubscribed' && data.suppressed_globally === true);
  const opens = event === 'email.opened' && Number.isFinite(data.open_count) ? data.open_count : 0;
  insert.run(
    id,
    event,
    text(data.lead_email),
    Date.parse(timestamp),
    Number(isFinal),
    opens,
    text(data.reply_sentiment),
  );
};

const schema = {
  type: 'object',
  required: ['id', 'event', 'timestamp', 'data'],
  properties: {
    id: { type: 'string' },
    event: { type: 'string' },
    timestamp: { type: 'string', format: 'date-time' },
    data: { type: 'object' },
  },
};

const app = fastify({
  bodyLimit: 4 * 1024 * 1024,
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
});
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => done(null, body));

app.addHook('preValidation', async (request, reply) => {
  if (request.is404) return;
  const body = request.body ?? Buffer.alloc(0);
  const expected = createHmac('sha256', process.env.SENDEMALL_SECRET).update(body).digest();
  const [, digest] =
    /^sha256=([0-9a-f]{64})$/.exec(request.headers['x-sendemall-signature'] ?? '') ?? [];
  if (digest === undefined || !timingSafeEqual(Buffer.from(digest, 'hex'), expected)) {
    await reply.code(401).send({ error: 'Invalid signature' });
    return;
  }
  try {
    request.body = JSON.parse(body.toString());
  } catch {
    await reply.code(400).send({ error: 'Invalid JSON' });
  }
});

app.post('/webhooks/sendemall', { schema: { body: schema } }, async (request, reply) => {
  const event = request.body;
  await crm.turn();
  if (find.get(event.id).count === 0) {
    if (crm.isDown) return reply.code(503).send({ error: 'CRM down' });
    store(event);
  }
  return { received: true };
});

const hooks = fastify({ routerOptions: { maxParamLength: 5000 } });
hooks.get('/effects/:id', ({ params }) => ({ count: find.get(params.id).count }));
hooks.get('/leads/:email', async ({ params }, reply) => {
  const { facts, suppressed, unsubscribed, opens } = summary.get(params.email);
  if (facts === 0) return reply.code(404).send({});
  const sent = total.get('email.sent').count;
  const rate = sent === 0 ? null : Math.min(1, total.get('email.bounced').count / sent);
  return {
    suppressed: suppressed === 1,
    unsubscribed: unsubscribed === 1,
    open_count: opens,
    sentiment: latest.get(params.email)?.sentiment ?? null,
    rates: { bounce_rate: rate },
  };
});
hooks.post('/fault', async ({ body }) => {
  crm.isDown = body.fail;
  return {};
});

await hooks.listen({ port: Number(process.env.HOOKS_PORT), host: '127.0.0.1' });
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
