// Tiny webhook service. One promise per event: requests that carry the same event share its outcome.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, readFile } from 'node:fs/promises';
import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';

const SECRET = process.env.SENDEMALL_SECRET;
const LOG = process.env.DATABASE;

class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

class Ledger {
  outcomes = new Map();
  counts = new Map();
  types = { 'email.sent': 0, 'email.bounced': 0 };
  leads = new Map();
  isOffline = false;
  #tail = Promise.resolve();

  static async load() {
    const ledger = new Ledger();
    const text = await readFile(LOG, 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const event = JSON.parse(line);
      ledger.#apply(event);
      ledger.outcomes.set(event.id, Promise.resolve());
    }
    return ledger;
  }

  /** Resolves when the event is in the log. */
  process(event) {
    const known = this.outcomes.get(event.id);
    if (known !== undefined) return known;
    const outcome = this.#write(event);
    this.outcomes.set(event.id, outcome);
    return outcome;
  }

  async #write(event) {
    await turn();
    if (this.isOffline) throw new HttpError(503, 'offline');
    const write = this.#tail.then(() => appendFile(LOG, `${JSON.stringify(event)}\n`));
    this.#tail = write.catch(() => {});
    await write;
    this.#apply(event);
  }

  #apply({ id, event, timestamp, data }) {
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
    if (Object.hasOwn(this.types, event)) this.types[event] += 1;
    if (typeof data.lead_email !== 'string') return;
    const lead = this.leads.get(data.lead_email) ?? {
      suppressed: false,
      unsubscribed: false,
      opens: 0,
      replies: [],
    };
    this.leads.set(data.lead_email, lead);
    if (event === 'email.bounced') lead.suppressed ||= data.bounce_type === 'hard';
    if (event === 'email.unsubscribed') {
      lead.unsubscribed = true;
      lead.suppressed ||= data.suppressed_globally === true;
    }
    if (event === 'email.opened' && Number.isFinite(data.open_count)) {
      lead.opens = Math.max(lead.opens, data.open_count);
    }
    if (event === 'email.replied') {
      lead.replies.push({ at: Date.parse(timestamp), sentiment: data.reply_sentiment ?? null });
      lead.replies.sort((a, b) => a.at - b.at);
    }
  }

  describe(email) {
    const lead = this.leads.get(email);
    if (lead === undefined) throw new HttpError(404, 'unknown lead');
    const { 'email.sent': sent, 'email.bounced': bounced } = this.types;
    return {
      suppressed: lead.suppressed,
      unsubscribed: lead.unsubscribed,
      open_count: lead.opens,
      sentiment: lead.replies.at(-1)?.sentiment ?? null,
      rates: { bounce_rate: sent > 0 ? Math.min(bounced / sent, 1) : null },
    };
  }
}

const ledger = await Ledger.load();

const parse = (body) => {
  try {
    const event = JSON.parse(body);
    const { id, event: type, timestamp, data } = event;
    if ([id, type, timestamp].some((text) => typeof text !== 'string')) throw new TypeError();
    if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new TypeError();
    if (Number.isNaN(Date.parse(timestamp))) throw new TypeError();
    return { id, event: type, timestamp, data };
  } catch {
    throw new HttpError(400, 'not an event');
  }
};

const isSigned = (body, signature = '') => {
  const hash = (text) => createHmac('sha256', 'compare').update(text).digest();
  const digest = createHmac('sha256', SECRET).update(body).digest('hex');
  return timingSafeEqual(hash(`sha256=${digest}`), hash(signature));
};

const routes = {
  async webhook(request, body) {
    if (request.url.split('?')[0] !== '/webhooks/sendemall') throw new HttpError(404, 'not found');
    if (request.method !== 'POST') throw new HttpError(405, 'not allowed');
    if (!isSigned(body, request.headers['x-sendemall-signature'])) {
      throw new HttpError(401, 'invalid signature');
    }
    await ledger.process(parse(body));
    return { ok: true };
  },
  async hook(request, body) {
    const [, kind, key] = request.url.split('/').map(decodeURIComponent);
    if (kind === 'effects') return { count: ledger.counts.get(key) ?? 0 };
    if (kind === 'leads') return ledger.describe(key);
    ledger.isOffline = JSON.parse(body).fail;
    return {};
  },
};

const respond = async (route, request, response) => {
  try {
    const answer = await route(request, await buffer(request));
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer));
  } catch (error) {
    if (response.destroyed) return;
    response.statusCode = error.status ?? 500;
    response.end(error.message);
  }
};

const serve = (port, route) =>
  http
    .createServer((request, response) => void respond(route, request, response))
    .listen(Number(port), '127.0.0.1');

serve(process.env.HOOKS_PORT, routes.hook);
serve(process.env.PORT, routes.webhook);
process.stdin.resume();
await once(process.stdin, 'end');
process.exit();
