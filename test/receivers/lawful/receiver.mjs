/**
 * Node without a framework. MANNER, as JSON, says in which lawful way it is unusual.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const { PORT, HOOKS_PORT, SENDEMALL_SECRET, DATABASE } = process.env;
const PATH = '/webhooks/sendemall';
const {
  accepted = 200,
  repeated = accepted,
  forged = 401,
  malformed = 400,
  parsesFirst = false,
  types = null,
  queueMs = null,
  maxConcurrent = Infinity,
  answerMs = 0,
  locksRepeats = false,
  stateEveryMs = null,
  erasesUnsubscribed = false,
  erasesBounced = false,
  removesBounced = false,
} = JSON.parse(process.env.MANNER ?? '{}');

const db = new DatabaseSync(DATABASE);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS queue (place INTEGER PRIMARY KEY, event TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS later (place INTEGER PRIMARY KEY, event TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS effects (id TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS effects_by_id ON effects (id);
  CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY,
    suppressed INTEGER NOT NULL DEFAULT 0,
    unsubscribed INTEGER NOT NULL DEFAULT 0,
    bounced INTEGER NOT NULL DEFAULT 0,
    open_count INTEGER NOT NULL DEFAULT 0,
    sentiment TEXT,
    replied_at INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE IF NOT EXISTS removed (email TEXT PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
`);
const run = (sql, ...values) => db.prepare(sql).run(...values);
const get = (sql, ...values) => db.prepare(sql).get(...values);

/** The system that events are handed on to. */
let crmIsDown = false;

/** Erases all but what keeps the lead from being written to. */
const erase = (email) =>
  run('UPDATE leads SET open_count = 0, sentiment = NULL WHERE email = ?', email);

/** The address is dead. */
const bounceForGood = (email) => {
  if (removesBounced) {
    run('INSERT INTO removed VALUES (?)', email);
    run('DELETE FROM leads WHERE email = ?', email);
    return;
  }
  run('UPDATE leads SET suppressed = 1, bounced = 1 WHERE email = ?', email);
  if (erasesBounced) erase(email);
};

const isErased = ({ unsubscribed, bounced }) =>
  (erasesUnsubscribed && unsubscribed === 1) || (erasesBounced && bounced === 1);

const updateLead = ({ event, timestamp, data }) => {
  const email = data.lead_email;
  if (typeof email !== 'string') return;
  if (get('SELECT 1 AS found FROM removed WHERE email = ?', email) !== undefined) return;
  run('INSERT OR IGNORE INTO leads (email) VALUES (?)', email);
  const lead = get('SELECT unsubscribed, bounced FROM leads WHERE email = ?', email);
  if (isErased(lead) && (event === 'email.opened' || event === 'email.replied')) return;
  switch (event) {
    case 'email.bounced':
      if (data.bounce_type === 'hard') bounceForGood(email);
      break;
    case 'email.unsubscribed':
      run('UPDATE leads SET unsubscribed = 1 WHERE email = ?', email);
      if (data.suppressed_globally === true) {
        run('UPDATE leads SET suppressed = 1 WHERE email = ?', email);
      }
      if (erasesUnsubscribed) erase(email);
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

/** Does what the event asks for. Types of no interest are acknowledged and ignored. */
const apply = (event) => {
  if (types === null ? !/^(email|campaign)\./.test(event.event) : !types.includes(event.event))
    return;
  if (crmIsDown) throw new Error('The CRM does not answer.');
  run('INSERT INTO effects (id) VALUES (?)', event.id);
  run('INSERT INTO totals VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1', event.event);
  if (stateEveryMs === null) updateLead(event);
  else run('INSERT INTO later (event) VALUES (?)', JSON.stringify(event));
};

/** What has had its effect changes its lead now. */
const catchUp = () => {
  db.exec('BEGIN IMMEDIATE');
  for (const { place, event } of db
    .prepare('SELECT place, event FROM later ORDER BY place')
    .all()) {
    updateLead(JSON.parse(event));
    run('DELETE FROM later WHERE place = ?', place);
  }
  db.exec('COMMIT');
};
if (stateEveryMs !== null) setInterval(catchUp, stateEveryMs);

/** The event's id and its effects are one transaction. @returns false for a repeat */
const handle = (event) => {
  db.exec('BEGIN IMMEDIATE');
  try {
    const { changes } = run('INSERT OR IGNORE INTO events (id) VALUES (?)', event.id);
    if (changes === 1) {
      if (queueMs === null) apply(event);
      else run('INSERT INTO queue (event) VALUES (?)', JSON.stringify(event));
    }
    db.exec('COMMIT');
    return changes === 1;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
};

/** Works through the queue, one event at a time; a failure leaves the event where it is. */
const work = () => {
  const next = get('SELECT place, event FROM queue ORDER BY place LIMIT 1');
  if (next === undefined) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    apply(JSON.parse(next.event));
    run('DELETE FROM queue WHERE place = ?', next.place);
    db.exec('COMMIT');
  } catch {
    db.exec('ROLLBACK');
  }
};
if (queueMs !== null) setInterval(work, queueMs);

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

const read = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Ids that are being processed. */
const inFlight = new Set();

const judge = async (request, body) => {
  const event = parse(body);
  if (parsesFirst && event === null) return malformed;
  if (!isSigned(body, request.headers['x-sendemall-signature'])) return forged;
  if (event === null) return malformed;
  if (locksRepeats && inFlight.has(event.id)) return 409;
  inFlight.add(event.id);
  try {
    if (answerMs > 0) await sleep(answerMs);
    return handle(event) ? accepted : repeated;
  } finally {
    inFlight.delete(event.id);
  }
};

const receive = async (request) => {
  const body = await read(request);
  if (request.url !== PATH) return 404;
  return request.method === 'POST' ? judge(request, body) : 405;
};

let open = 0;
createServer((request, response) => {
  if (open >= maxConcurrent) {
    request.resume().on('end', () => response.writeHead(503, { 'retry-after': '1' }).end());
    return;
  }
  open += 1;
  response.on('close', () => {
    open -= 1;
  });
  receive(request).then(
    (status) => response.writeHead(status).end(),
    () => response.writeHead(500).end(),
  );
}).listen(Number(PORT), '127.0.0.1');
