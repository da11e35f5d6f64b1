/**
 * Events of SendEmAll for a directory of people from many countries. Names and texts are kept in one Unicode form, so
 * that searching finds them however they were typed.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const journal = process.env.DATABASE;
const secret = process.env.SENDEMALL_SECRET;

class Person {
  suppressed = false;
  unsubscribed = false;
  openCount = 0;
  sentiment = null;
  repliedAt = -Infinity;

  bounced({ data }) {
    this.suppressed ||= data.bounce_type === 'hard';
  }

  unsubscribe({ data }) {
    this.unsubscribed = true;
    this.suppressed ||= data.suppressed_globally === true;
  }

  opened({ data }) {
    if (Number.isFinite(data.open_count))
      this.openCount = Math.max(this.openCount, data.open_count);
  }

  replied({ data, timestamp }) {
    const at = Date.parse(timestamp);
    if (at < this.repliedAt) return;
    this.repliedAt = at;
    this.sentiment = data.reply_sentiment ?? null;
  }
}

const METHODS = new Map([
  ['email.bounced', 'bounced'],
  ['email.unsubscribed', 'unsubscribe'],
  ['email.opened', 'opened'],
  ['email.replied', 'replied'],
]);

class Directory {
  people = new Map();
  effects = new Map();
  totals = new Map();
  isLocked = false;

  constructor(path) {
    if (!existsSync(path)) return;
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (line.endsWith('}')) this.apply(JSON.parse(line));
    }
  }

  apply(event) {
    this.effects.set(event.id, (this.effects.get(event.id) ?? 0) + 1);
    this.totals.set(event.event, (this.totals.get(event.event) ?? 0) + 1);
    const email = event.data.lead_email;
    if (typeof email !== 'string') return;
    if (!this.people.has(email)) this.people.set(email, new Person());
    const method = METHODS.get(event.event);
    if (method !== undefined) this.people.get(email)[method](event);
  }

  /** Once for each id. */
  add(event) {
    if (this.effects.has(event.id)) return;
    if (this.isLocked) throw new Error('The directory is locked.');
    appendFileSync(journal, `${JSON.stringify(event)}\n`);
    this.apply(event);
  }

  rate(of, all) {
    const total = this.totals.get(all) ?? 0;
    return total === 0 ? null : Math.min((this.totals.get(of) ?? 0) / total, 1);
  }

  stateOf(email) {
    const person = this.people.get(email);
    return (
      person && {
        suppressed: person.suppressed,
        unsubscribed: person.unsubscribed,
        open_count: person.openCount,
        sentiment: person.sentiment,
        rates: { bounce_rate: this.rate('email.bounced', 'email.sent') },
      }
    );
  }
}

const directory = new Directory(journal);

const readText = async (request) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  await once(request, 'end');
  return Buffer.concat(chunks).toString('utf8').normalize('NFC');
};

const isAuthentic = (text, signature) => {
  const digest = createHmac('sha256', secret).update(text, 'utf8').digest('hex');
  const [expected, given] = [`sha256=${digest}`, signature ?? ''].map((value) =>
    Buffer.from(value),
  );
  return expected.byteLength === given.byteLength && timingSafeEqual(expected, given);
};

const toEvent = (text) => {
  const event = JSON.parse(text);
  const isComplete =
    typeof event.id === 'string' &&
    typeof event.event === 'string' &&
    !Number.isNaN(new Date(event.timestamp).getTime()) &&
    Object.getPrototypeOf(event.data) === Object.prototype;
  if (!isComplete) throw new TypeError('This is not an event.');
  return event;
};

const respond = (response, status, value = {}) => {
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.statusCode = status;
  response.end(JSON.stringify(value));
};

const receive = async (request, response) => {
  const text = await readText(request);
  if (!isAuthentic(text, request.headers['x-sendemall-signature'])) {
    return respond(response, 401, { error: 'The signature does not belong to the body.' });
  }
  let event;
  try {
    event = toEvent(text);
  } catch (error) {
    return respond(response, 400, { error: error.message });
  }
  if (/^(email|campaign)\./.test(event.event)) {
    try {
      directory.add(event);
    } catch (error) {
      return respond(response, 500, { error: error.message });
    }
  }
  respond(response, 200, { received: true });
};

const serve = (port, route) => {
  const server = createServer((request, response) => {
    Promise.resolve(route(request, response)).catch(() => request.destroy());
  });
  server.listen(Number(port), '127.0.0.1');
};

serve(process.env.HOOKS_PORT, async (request, response) => {
  const [, kind, key = ''] = request.url
    .split('/')
    .map((part) => decodeURIComponent(part).normalize());
  if (kind === 'effects') return respond(response, 200, { count: directory.effects.get(key) ?? 0 });
  if (kind === 'leads') {
    const state = directory.stateOf(key);
    return respond(response, state ? 200 : 404, state);
  }
  directory.isLocked = JSON.parse(await readText(request)).fail;
  respond(response, 200);
});

serve(process.env.PORT, (request, response) => {
  if (request.url !== '/webhooks/sendemall') return respond(response, 404);
  if (request.method !== 'POST') return respond(response, 405);
  return receive(request, response);
});

process.stdin.on('close', () => process.exit()).resume();
