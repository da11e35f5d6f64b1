/**
 * Fastify, with a circuit breaker in front of the CRM.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { json } from 'node:stream/consumers';
import fastify from 'fastify';

const { PORT, HOOKS_PORT, SENDEMALL_SECRET, DATABASE } = process.env;
const PATH = '/webhooks/sendemall';

const db = new DatabaseSync(DATABASE);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS effects (id TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS effects_by_id ON effects (id);
  CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY,
    suppressed INTEGER NOT NULL DEFAULT 0,
    unsubscribed INTEGER NOT NULL DEFAULT 0,
    open_count INTEGER NOT NULL DEFAULT 0,
    sentiment TEXT,
    replied_at INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
`);
const run = (sql, ...values) => db.prepare(sql).run(...values);
const get = (sql, ...values) => db.prepare(sql).get(...values);

/** The system that events are handed on to. */
let crmIsDown = false;

class CrmError extends Error {}

const updateLead = ({ event, timestamp, data }) => {
  const email = data.lead_email;
  if (typeof email !== 'string') return;
  run('INSERT OR IGNORE INTO leads (email) VALUES (?)', email);
  switch (event) {
    case 'email.bounced':
      if (data.bounce_type === 'hard')
        run('UPDATE leads SET suppressed = 1 WHERE email = ?', email);
      break;
    case 'email.unsubscribed':
      run('UPDATE leads SET unsubscribed = 1 WHERE email = ?', email);
      if (data.suppressed_globally === true) {
        run('UPDATE leads SET suppressed = 1 WHERE email = ?', email);
      }
      break;
    case 'email.opened':
      run(
        'UPDATE leads SET open_count = max(open_count, ?) WHERE email = ?',
        Number(data.open_count ?? 0),
        email,
      );
      break;
    case 'email.replied': {
      const at = Date.parse(timestamp);
      run(
        'UPDATE leads SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?',
        String(data.reply_sentiment),
        at,
        email,
        at,
      );
      break;
    }
    default:
  }
};

/** Does what the event asks for. Unknown types are acknowledged and ignored. */
const apply = (event) => {
  if (!/^(email|campaign)\./.test(event.event)) return;
  if (crmIsDown) throw new CrmError('The CRM does not answer.');
  run('INSERT INTO effects (id) VALUES (?)', event.id);
  run('INSERT INTO totals VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1', event.event);
  updateLead(event);
};

/** The event's id and its effects are one transaction. @returns false for a repeat */
const handle = (event) => {
  db.exec('BEGIN IMMEDIATE');
  try {
    const { changes } = run('INSERT OR IGNORE INTO events (id) VALUES (?)', event.id);
    if (changes === 1) apply(event);
    db.exec('COMMIT');
    return changes === 1;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
};

const parse = (body) => {
  try {
    const event = JSON.parse(body.toString('utf8'));
    const isEvent =
      typeof event?.id === 'string' &&
      typeof event.event === 'string' &&
      typeof event.data === 'object' &&
      event.data !== null &&
      !Number.isNaN(Date.parse(event.timestamp));
    return isEvent ? event : null;
  } catch {
    return null;
  }
};

const isSigned = (body, given) => {
  const digest = createHmac('sha256', SENDEMALL_SECRET).update(body).digest('hex');
  const expected = Buffer.from(`sha256=${digest}`);
  const actual = Buffer.from(String(given ?? ''), 'latin1');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
};

const total = (name) => get('SELECT value FROM totals WHERE name = ?', name)?.value ?? 0;

const stateOf = (email) => {
  const lead = get('SELECT * FROM leads WHERE email = ?', email);
  if (lead === undefined) return null;
  const sent = total('email.sent');
  const rate = sent === 0 ? null : Math.min(1, total('email.bounced') / sent);
  return {
    suppressed: lead.suppressed === 1,
    unsubscribed: lead.unsubscribed === 1,
    open_count: lead.open_count,
    sentiment: lead.sentiment,
    rates: { bounce_rate: rate },
  };
};

const setFault = (fail) => {
  crmIsDown = fail;
};

/** Test hooks, on a port of their own. */
const answerHook = async (request) => {
  const [, kind, key = ''] = request.url.split('/').map(decodeURIComponent);
  if (kind === 'effects') return get('SELECT count(*) AS count FROM effects WHERE id = ?', key);
  if (kind === 'leads') return stateOf(key);
  if (kind === 'fault') setFault((await json(request)).fail);
  return {};
};
createServer((request, response) => {
  answerHook(request).then(
    (answer) => response.writeHead(answer === null ? 404 : 200).end(JSON.stringify(answer)),
    () => response.writeHead(500).end(),
  );
}).listen(Number(HOOKS_PORT), '127.0.0.1');

// Ends with whoever started it.
process.stdin.on('end', () => process.exit()).resume();

const MAX_FAILURES = 3;
const OPEN_MS = 1000;

/** Opens for a second after three failures in a row, then lets events try again. */
const breaker = { failures: 0, openUntil: 0 };

const guarded = (event) => {
  try {
    const isNew = handle(event);
    breaker.failures = 0;
    return isNew;
  } catch (error) {
    breaker.failures += error instanceof CrmError ? 1 : 0;
    if (breaker.failures >= MAX_FAILURES) breaker.openUntil = Date.now() + OPEN_MS;
    throw error;
  }
};

const app = fastify({ bodyLimit: 2_000_000 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

app.post(PATH, async (request, reply) => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (!isSigned(body, request.headers['x-sendemall-signature'])) {
    return reply.code(401).send({ error: 'Invalid signature' });
  }
  const event = parse(body);
  if (event === null) return reply.code(400).send({ error: 'Not an event' });
  if (Date.now() < breaker.openUntil) {
    return reply.code(503).header('Retry-After', '1').send({ error: 'The CRM is down' });
  }
  return { received: true, duplicate: !guarded(event) };
});

app.setErrorHandler((error, _request, reply) =>
  reply.code(error.statusCode ?? 500).send({ error: 'Not processed' }),
);

await app.listen({ port: Number(PORT), host: '127.0.0.1' });
