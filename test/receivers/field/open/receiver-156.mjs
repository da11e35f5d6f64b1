/**
 * Koa, leads in memory, and a log of events. The proxy in front writes the campaign of each request into its access log.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import Koa from 'koa';

const { PORT, HOOKS_PORT, SENDEMALL_SECRET, DATABASE } = process.env;

/** @typedef {{ suppressed: boolean, unsubscribed: boolean, opens: number, sentiment: string | null, repliedAt: number }} Lead */

class Book {
  /** @type {Map<string, Lead>} */
  leads = new Map();
  processed = new Map();
  totals = new Map();
  isLocked = false;

  constructor(file) {
    this.file = file;
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n'))
      if (line !== '') this.#enter(JSON.parse(line));
  }

  /** Enters an event unless it has been entered before. */
  enter(event) {
    if (this.processed.has(event.id)) return;
    if (this.isLocked) throw new Error('The book is locked.');
    appendFileSync(this.file, `${JSON.stringify(event)}\n`);
    this.#enter(event);
  }

  #enter({ id, event: type, timestamp, data }) {
    this.processed.set(id, 1);
    this.totals.set(type, (this.totals.get(type) ?? 0) + 1);
    if (typeof data.lead_email !== 'string') return;
    const lead = this.#leadOf(data.lead_email);
    switch (type) {
      case 'email.opened':
        lead.opens = Math.max(lead.opens, Number(data.open_count) || 0);
        break;
      case 'email.bounced':
        lead.suppressed ||= data.bounce_type === 'hard';
        break;
      case 'email.unsubscribed':
        lead.unsubscribed = true;
        lead.suppressed ||= data.suppressed_globally === true;
        break;
      case 'email.replied':
        if (Date.parse(timestamp) >= lead.repliedAt) {
          lead.repliedAt = Date.parse(timestamp);
          lead.sentiment = data.reply_sentiment ?? null;
        }
    }
  }

  #leadOf(email) {
    const fresh = {
      suppressed: false,
      unsubscribed: false,
      opens: 0,
      sentiment: null,
      repliedAt: 0,
    };
    if (!this.leads.has(email)) this.leads.set(email, fresh);
    return this.leads.get(email);
  }

  stateOf(email) {
    const lead = this.leads.get(email);
    if (lead === undefined) return null;
    const { suppressed, unsubscribed, opens: open_count, sentiment } = lead;
    const sent = this.totals.get('email.sent') ?? 0;
    const rate = sent === 0 ? null : Math.min(1, (this.totals.get('email.bounced') ?? 0) / sent);
    return { suppressed, unsubscribed, open_count, sentiment, rates: { bounce_rate: rate } };
  }
}

const book = new Book(DATABASE);

const readBody = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const toEvent = (body) => {
  let value;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return null;
  }
  const { id, event, timestamp, data } = value ?? {};
  const hasTexts = [id, event, timestamp].every((text) => typeof text === 'string');
  const isDated = hasTexts && Date.parse(timestamp) > 0;
  return isDated && typeof data === 'object' && data !== null && !Array.isArray(data)
    ? value
    : null;
};

const route = async (ctx, next) => {
  if (ctx.path !== '/webhooks/sendemall') return;
  if (ctx.method !== 'POST') ctx.throw(405);
  await next();
};

const authenticate = async (ctx, next) => {
  ctx.state.body = await readBody(ctx.req).catch(() => ctx.throw(400));
  const digest = createHmac('sha256', SENDEMALL_SECRET).update(ctx.state.body).digest('hex');
  const given = Buffer.from(ctx.get('X-SendEmAll-Signature'));
  const expected = Buffer.from(`sha256=${digest}`);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) ctx.throw(401);
  await next();
};

const receive = (ctx) => {
  const event = toEvent(ctx.state.body);
  if (event === null) ctx.throw(400, 'not an event');
  if (/^(?:email|campaign)\./.test(event.event)) {
    try {
      book.enter(event);
    } catch {
      ctx.throw(503);
    }
  }
  const { campaign_name: campaign } = event.data;
  if (typeof campaign === 'string' && campaign !== '') ctx.set('X-Campaign', campaign);
  ctx.body = { received: true };
};

const app = new Koa();
app.silent = true;
app.use(route).use(authenticate).use(receive);

const hooks = new Koa();
hooks.silent = true;
hooks.use(async (ctx) => {
  const [, kind, ...rest] = ctx.req.url.split('/');
  const key = decodeURIComponent(rest.join('/'));
  if (kind === 'effects') ctx.body = { count: book.processed.get(key) ?? 0 };
  else if (kind === 'leads') ctx.body = book.stateOf(key) ?? ctx.throw(404);
  else {
    book.isLocked = JSON.parse(await readBody(ctx.req)).fail;
    ctx.body = {};
  }
});

hooks.listen(Number(HOOKS_PORT), '127.0.0.1');
app.listen(Number(PORT), '127.0.0.1');
process.stdin.resume().on('end', () => process.exit());
