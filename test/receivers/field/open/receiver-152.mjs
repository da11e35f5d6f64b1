/** SendEmAll webhook with a guard against brute force. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

const db = new DatabaseSync(process.env.DATABASE);
db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
db.exec('CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, type TEXT NOT NULL)');
db.exec(`CREATE TABLE IF NOT EXISTS lead (
  email TEXT PRIMARY KEY,
  suppressed INTEGER NOT NULL DEFAULT 0,
  unsubscribed INTEGER NOT NULL DEFAULT 0,
  open_count REAL NOT NULL DEFAULT 0,
  sentiment TEXT,
  replied_at REAL NOT NULL DEFAULT 0
)`);

/** Blocks an address for a while when it has failed too often. */
const createGuard = ({ maxFailures, windowMs, blockMs }) => {
  const records = new Map();
  return {
    isBlocked(address) {
      const record = records.get(address);
      return record !== undefined && record.blockedUntil > Date.now();
    },
    fail(address) {
      const now = Date.now();
      const record = records.get(address) ?? { failures: [], blockedUntil: 0 };
      record.failures = [...record.failures.filter((at) => at > now - windowMs), now];
      if (record.failures.length >= maxFailures) record.blockedUntil = now + blockMs;
      records.set(address, record);
    },
  };
};

const guard = createGuard({ maxFailures: 10, windowMs: 60_000, blockMs: 600_000 });
let failing = false;

const run = (sql, ...values) => db.prepare(sql).run(...values).changes;

const updateLead = (event) => {
  const { data } = event;
  if (typeof data.lead_email !== 'string') return;
  const email = data.lead_email;
  run('INSERT OR IGNORE INTO lead (email) VALUES (?)', email);
  if (event.event === 'email.bounced' && data.bounce_type === 'hard') {
    run('UPDATE lead SET suppressed = 1 WHERE email = ?', email);
  } else if (event.event === 'email.unsubscribed') {
    const everywhere = data.suppressed_globally === true ? 1 : 0;
    run(
      'UPDATE lead SET unsubscribed = 1, suppressed = max(suppressed, ?) WHERE email = ?',
      everywhere,
      email,
    );
  } else if (event.event === 'email.opened' && typeof data.open_count === 'number') {
    run('UPDATE lead SET open_count = max(open_count, ?) WHERE email = ?', data.open_count, email);
  } else if (event.event === 'email.replied') {
    const at = new Date(event.timestamp).getTime();
    const sentiment = typeof data.reply_sentiment === 'string' ? data.reply_sentiment : null;
    run(
      'UPDATE lead SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?',
      sentiment,
      at,
      email,
      at,
    );
  }
};

const processOnce = (event) => {
  db.exec('BEGIN IMMEDIATE');
  try {
    const isNew = run('INSERT OR IGNORE INTO event VALUES (?, ?)', event.id, event.event) === 1;
    if (isNew && failing) throw new Error('The CRM is down.');
    if (isNew) updateLead(event);
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
};

const signatureOf = (body) =>
  `sha256=${createHmac('sha256', process.env.SENDEMALL_SECRET).update(body).digest('hex')}`;

const matches = (expected, given) => {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
};

const parseEvent = (body) => {
  const event = JSON.parse(body);
  if (
    event === null ||
    typeof event.data !== 'object' ||
    event.data === null ||
    Array.isArray(event.data)
  )
    throw new SyntaxError('no data');
  for (const name of ['id', 'event', 'timestamp'])
    if (typeof event[name] !== 'string') throw new SyntaxError(`no ${name}`);
  if (Number.isNaN(Date.parse(event.timestamp))) throw new SyntaxError('no time');
  return event;
};

const answer = (response, status, message) => {
  const text = JSON.stringify({ message });
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(text);
};

const onWebhook = (request, response, body) => {
  const address = request.socket.remoteAddress;
  if (guard.isBlocked(address)) return answer(response, 403, 'Forbidden');
  if (!matches(signatureOf(body), request.headers['x-sendemall-signature'] ?? '')) {
    guard.fail(address);
    return answer(response, 401, 'Invalid signature');
  }
  let event;
  try {
    event = parseEvent(body.toString());
  } catch (error) {
    return answer(response, 400, error.message);
  }
  if (!/^(email|campaign)\.\w/.test(event.event)) return answer(response, 200, 'Ignored');
  try {
    processOnce(event);
  } catch (error) {
    return answer(response, 500, error.message);
  }
  answer(response, 200, 'Received');
};

const listen = (port, route) =>
  createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('error', () => response.destroy());
    request.on('end', () => route(request, response, Buffer.concat(chunks)));
  }).listen(Number(port), '127.0.0.1');

listen(process.env.PORT, (request, response, body) => {
  if (request.url.split('?', 1)[0] !== '/webhooks/sendemall')
    return answer(response, 404, 'Not found');
  if (request.method !== 'POST') return answer(response, 405, 'Method not allowed');
  onWebhook(request, response, body);
});

const totals = () =>
  Object.fromEntries(
    db
      .prepare('SELECT type, count(*) AS n FROM event GROUP BY type')
      .all()
      .map(({ type, n }) => [type, n]),
  );

listen(process.env.HOOKS_PORT, (request, response, body) => {
  const [, kind, encoded] = request.url.split('/');
  const json = (value) => response.end(JSON.stringify(value));
  if (kind === 'fault') {
    failing = JSON.parse(body.toString()).fail;
    return json({});
  }
  const key = decodeURIComponent(encoded);
  if (kind === 'effects')
    return json({ count: db.prepare('SELECT count(*) AS n FROM event WHERE id = ?').get(key).n });
  const lead = db.prepare('SELECT * FROM lead WHERE email = ?').get(key);
  if (lead === undefined) return response.writeHead(404).end();
  const { 'email.sent': sent = 0, 'email.bounced': bounced = 0 } = totals();
  json({
    suppressed: Boolean(lead.suppressed),
    unsubscribed: Boolean(lead.unsubscribed),
    open_count: lead.open_count,
    sentiment: lead.sentiment,
    rates: { bounce_rate: sent ? Math.min(1, bounced / sent) : null },
  });
});

process.stdin.resume();
process.stdin.on('end', () => process.exit());
