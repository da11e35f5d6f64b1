/**
 * Webhook for SendEmAll events. Large bodies are refused before they are sent.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

const { PORT, HOOKS_PORT, SENDEMALL_SECRET, DATABASE } = process.env;
const MAX_BYTES = 8 * 1024 * 1024;

const db = new DatabaseSync(DATABASE);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS effects (id TEXT PRIMARY KEY, type TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY,
    suppressed INTEGER NOT NULL DEFAULT 0,
    unsubscribed INTEGER NOT NULL DEFAULT 0,
    open_count REAL NOT NULL DEFAULT 0,
    sentiment TEXT,
    replied_at INTEGER NOT NULL DEFAULT 0
  );
`);

const insertEffect = db.prepare('INSERT OR IGNORE INTO effects VALUES (?, ?)');
const insertLead = db.prepare('INSERT OR IGNORE INTO leads (email) VALUES (?)');
const suppress = db.prepare('UPDATE leads SET suppressed = 1 WHERE email = ?');
const unsubscribe = db.prepare('UPDATE leads SET unsubscribed = 1 WHERE email = ?');
const raiseOpens = db.prepare('UPDATE leads SET open_count = max(open_count, ?) WHERE email = ?');
const saveReply = db.prepare(
  'UPDATE leads SET sentiment = :sentiment, replied_at = :at WHERE email = :email AND replied_at <= :at',
);

let isCrmDown = false;

const actions = {
  'email.bounced': (email, { bounce_type: type }) => type === 'hard' && suppress.run(email),
  'email.unsubscribed': (email, { suppressed_globally: everywhere }) => {
    unsubscribe.run(email);
    if (everywhere === true) suppress.run(email);
  },
  'email.opened': (email, { open_count: count }) =>
    Number.isFinite(count) && raiseOpens.run(count, email),
  'email.replied': (email, { reply_sentiment: sentiment }, at) =>
    saveReply.run({ sentiment: typeof sentiment === 'string' ? sentiment : null, at, email }),
};

const handle = ({ id, event, timestamp, data }) => {
  if (!/^(email|campaign)\./.test(event)) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    if (insertEffect.run(id, event).changes === 1) {
      if (isCrmDown) throw new Error('The CRM does not answer.');
      if (typeof data.lead_email === 'string') {
        insertLead.run(data.lead_email);
        if (Object.hasOwn(actions, event))
          actions[event](data.lead_email, data, Date.parse(timestamp));
      }
    }
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
};

const isSigned = (body, signature = '') => {
  const hash = createHmac('sha256', SENDEMALL_SECRET).update(body).digest('hex');
  const expected = Buffer.from(`sha256=${hash}`);
  const actual = Buffer.from(signature);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
};

const parse = (body) => {
  try {
    const event = JSON.parse(body.toString());
    const { id, event: type, timestamp, data } = event;
    const isEvent =
      [id, type, timestamp].every((text) => typeof text === 'string') &&
      !Number.isNaN(Date.parse(timestamp)) &&
      typeof data === 'object' &&
      data !== null &&
      !Array.isArray(data);
    return isEvent ? event : null;
  } catch {
    return null;
  }
};

const readBody = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const send = (response, status, value) => {
  const text = JSON.stringify(value);
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
};

const receive = async (request, response) => {
  const body = await readBody(request);
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname !== '/webhooks/sendemall') return send(response, 404, { error: 'not found' });
  if (request.method !== 'POST') return send(response, 405, { error: 'POST only' });
  if (!isSigned(body, request.headers['x-sendemall-signature']))
    return send(response, 401, { error: 'invalid signature' });
  const event = parse(body);
  if (event === null) return send(response, 400, { error: 'invalid event' });
  try {
    handle(event);
  } catch {
    return send(response, 503, { error: 'try again later' });
  }
  send(response, 200, { received: true });
};

const onError = (response) => () => {
  if (!response.headersSent) send(response, 400, { error: 'bad request' });
};

const webhook = createServer((request, response) => {
  receive(request, response).catch(onError(response));
});

// A sender that asks first is told at once when its body is too large.
webhook.on('checkContinue', (request, response) => {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BYTES) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  response.writeContinue();
});

const stateOf = (email) => {
  const lead = db.prepare('SELECT * FROM leads WHERE email = ?').get(email);
  if (lead === undefined) return null;
  const rows = db.prepare('SELECT type, count(*) AS n FROM effects GROUP BY type').all();
  const counts = new Map(rows.map(({ type, n }) => [type, n]));
  const sent = counts.get('email.sent') ?? 0;
  const bounced = counts.get('email.bounced') ?? 0;
  return {
    suppressed: lead.suppressed === 1,
    unsubscribed: lead.unsubscribed === 1,
    open_count: lead.open_count,
    sentiment: lead.sentiment,
    rates: { bounce_rate: sent === 0 ? null : Math.min(1, bounced / sent) },
  };
};

const answerHook = async (request, response) => {
  const [, kind, rest = ''] = /^\/(\w+)\/?(.*)$/.exec(request.url) ?? [];
  const key = decodeURIComponent(rest);
  if (kind === 'effects') {
    const { n } = db.prepare('SELECT count(*) AS n FROM effects WHERE id = ?').get(key);
    return send(response, 200, { count: n });
  }
  if (kind === 'leads') {
    const state = stateOf(key);
    return send(response, state === null ? 404 : 200, state);
  }
  isCrmDown = JSON.parse(await readBody(request)).fail;
  send(response, 200, {});
};

const hooks = createServer((request, response) => void answerHook(request, response));

hooks.listen(Number(HOOKS_PORT), '127.0.0.1');
webhook.listen(Number(PORT), '127.0.0.1');
process.stdin.resume().on('end', () => process.exit());
