// Accepts events, then works through them in the background, one at a time.
import * as crypto from 'node:crypto';
import * as http from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

class Inbox {
  #db;

  constructor(path) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS inbox (
        id TEXT PRIMARY KEY, body TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0);
      CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox (done) WHERE done = 0;
      CREATE TABLE IF NOT EXISTS effects (id TEXT NOT NULL, type TEXT NOT NULL);
      CREATE INDEX IF NOT EXISTS effects_by_id ON effects (id);
      CREATE TABLE IF NOT EXISTS leads (email TEXT PRIMARY KEY, state TEXT NOT NULL);
    `);
  }

  all(sql, ...values) {
    return this.#db.prepare(sql).all(...values);
  }

  run(sql, ...values) {
    return this.#db.prepare(sql).run(...values).changes;
  }

  /** All of it or nothing. */
  together(action) {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      action();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  accept(id, body) {
    return this.run('INSERT OR IGNORE INTO inbox (id, body) VALUES (?, ?)', id, body) === 1;
  }

  waiting() {
    return this.all('SELECT id, body FROM inbox WHERE done = 0 ORDER BY rowid LIMIT 500');
  }
}

const inbox = new Inbox(process.env.DATABASE);
const crm = { isDown: false, latencyMs: 8 };

const changed = (lead, { event, timestamp, data }) => {
  switch (event) {
    case 'email.bounced':
      return { ...lead, suppressed: lead.suppressed || data.bounce_type === 'hard' };
    case 'email.unsubscribed':
      return {
        ...lead,
        unsubscribed: true,
        suppressed: lead.suppressed || data.suppressed_globally === true,
      };
    case 'email.opened':
      return { ...lead, opens: Math.max(lead.opens, Number(data.open_count) || 0) };
    case 'email.replied': {
      const at = Date.parse(timestamp);
      return at < lead.repliedAt
        ? lead
        : { ...lead, sentiment: data.reply_sentiment ?? null, repliedAt: at };
    }
    default:
      return lead;
  }
};

const UNKNOWN = { suppressed: false, unsubscribed: false, opens: 0, sentiment: null, repliedAt: 0 };

const leadOf = (email) => {
  const [row] = inbox.all('SELECT state FROM leads WHERE email = ?', email);
  return row && JSON.parse(row.state);
};

const processEvent = async (event) => {
  await sleep(crm.latencyMs);
  if (crm.isDown) throw new Error('CRM: 503');
  inbox.together(() => {
    inbox.run('UPDATE inbox SET done = 1 WHERE id = ?', event.id);
    inbox.run('INSERT INTO effects VALUES (?, ?)', event.id, event.event);
    const { lead_email: email } = event.data;
    if (typeof email !== 'string') return;
    const state = JSON.stringify(changed(leadOf(email) ?? UNKNOWN, event));
    inbox.run('INSERT OR REPLACE INTO leads VALUES (?, ?)', email, state);
  });
};

let isWorking = false;

/** Works through what waits. A failure is tried again a little later. */
const work = async () => {
  if (isWorking) return;
  isWorking = true;
  try {
    for (const { body } of inbox.waiting()) await processEvent(JSON.parse(body));
  } catch {
    setTimeout(() => void work(), 250);
  } finally {
    isWorking = false;
  }
};

const verify = (body, header) => {
  const hmac = crypto.createHmac('sha256', process.env.SENDEMALL_SECRET);
  const expected = Buffer.from(`sha256=${hmac.update(body).digest('hex')}`, 'latin1');
  const given = Buffer.from(header ?? '', 'latin1');
  return given.length === expected.length && crypto.timingSafeEqual(expected, given);
};

const isText = (value) => typeof value === 'string' && value !== '';
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

const parse = (body) => {
  let value;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  const isEvent =
    isObject(value) && isObject(value.data) && isText(value.id) && isText(value.event);
  return isEvent && Number.isFinite(Date.parse(value.timestamp)) ? value : undefined;
};

const collect = async (stream) => Buffer.concat(await stream.toArray());

const webhook = async (request) => {
  const body = await collect(request);
  if (request.url.split('?')[0] !== '/webhooks/sendemall') return 404;
  if (request.method !== 'POST') return 405;
  if (!verify(body, request.headers['x-sendemall-signature'])) return 401;
  const event = parse(body.toString('utf8'));
  if (event === undefined) return 400;
  if (!/^(?:email|campaign)\./.test(event.event)) return 202;
  if (inbox.accept(event.id, JSON.stringify(event))) setImmediate(() => void work());
  return 202;
};

http
  .createServer((request, response) => {
    webhook(request).then(
      (status) => response.writeHead(status).end(),
      () => response.destroy(),
    );
  })
  .listen(Number(process.env.PORT), '127.0.0.1');

const stateOf = (email) => {
  const lead = leadOf(email);
  if (lead === undefined) return undefined;
  const total = (type) => inbox.all('SELECT count(*) AS n FROM effects WHERE type = ?', type)[0].n;
  const sent = total('email.sent');
  return {
    suppressed: lead.suppressed,
    unsubscribed: lead.unsubscribed,
    open_count: lead.opens,
    sentiment: lead.sentiment,
    rates: { bounce_rate: sent > 0 ? Math.min(1, total('email.bounced') / sent) : null },
  };
};

const hook = async (request) => {
  const [kind, ...rest] = request.url.slice(1).split('/');
  const key = decodeURIComponent(rest.join('/'));
  if (kind === 'leads') return stateOf(key);
  if (kind === 'effects') {
    const [{ n }] = inbox.all('SELECT count(*) AS n FROM effects WHERE id = ?', key);
    return { count: n };
  }
  crm.isDown = JSON.parse(await collect(request)).fail;
  return {};
};

http
  .createServer((request, response) => {
    void hook(request).then((found) => {
      response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(found ?? null));
    });
  })
  .listen(Number(process.env.HOOKS_PORT), '127.0.0.1');

await work();
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
