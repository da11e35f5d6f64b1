/**
 * A receiver that is right in everything the suite can look at, made to be broken: a mutant is this class with one
 * method overridden.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  DeadLetterSource,
  Hooks,
  LeadState,
  WatchedCampaign,
} from '../../../src/conformance/hooks/hooks.ts';

export interface Event {
  readonly event: string;
  readonly id: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, any>>;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Lead {
  suppressed: boolean;
  unsubscribed: boolean;
  openCount: number;
  sentiment: string | null;
  repliedAt: string;
  /** Its latest. */
  campaign: string;
}

interface Tally {
  sent: number;
  bounced: number;
}

export class ModelReceiver implements AsyncDisposable {
  readonly secret: string;
  readonly path: string = '/webhooks/sendemall?tenant=1';
  /** What survives a restart. */
  disk: {
    seen: Set<string>;
    effects: Map<string, number>;
    leads: Map<string, Lead>;
    campaigns: Map<string, Tally>;
  } = {
    seen: new Set(),
    effects: new Map(),
    leads: new Map(),
    campaigns: new Map(),
  };
  /** What does not. */
  memory: { seen: Set<string>; queue: Event[] } = { seen: new Set(), queue: [] };
  /** Campaigns that the provider's API was asked to pause, and the number of its campaigns. */
  paused = new Set<string>();
  campaignsMade = 0;
  /** Whether whatever events are handed to fails. */
  failing = false;
  server: Server = createServer();
  port = 0;

  constructor(secret: string) {
    this.secret = secret;
  }

  // --- What mutants override ---------------------------------------------------------------

  /** The key of the HMAC. */
  key(): string | Buffer {
    return this.secret;
  }

  /** What is hashed. */
  signedContent(raw: Buffer): string | Buffer {
    return raw;
  }

  /** The right value of the header. */
  expected(raw: Buffer): string {
    return `sha256=${createHmac('sha256', this.key()).update(this.signedContent(raw)).digest('hex')}`;
  }

  headerOf(request: IncomingMessage): string | undefined {
    const value = request.headers['x-sendemall-signature'];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  verify(raw: Buffer, request: IncomingMessage): boolean {
    const given = Buffer.from(this.headerOf(request) ?? '');
    const expected = Buffer.from(this.expected(raw));
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  parse(raw: Buffer): Event {
    return JSON.parse(raw.toString('utf8').replace(/^\uFEFF/, '')) as Event;
  }

  dedupeKey(event: Event): string {
    return event.id;
  }

  /** Types of which nothing is known are taken and left alone. */
  knows({ event }: Event): boolean {
    return /^(email|campaign)\./.test(event);
  }

  /** Does what the event asks for; throws when that fails. */
  async apply(event: Event): Promise<void> {
    if (!this.knows(event)) return;
    if (this.failing) throw new Error('the CRM does not answer');
    this.disk.effects.set(event.id, (this.disk.effects.get(event.id) ?? 0) + 1);
    this.applyToLead(event);
    this.watchBounces(event);
  }

  lead(email: string): Lead {
    const known = this.disk.leads.get(email);
    if (known !== undefined) return known;
    const made = {
      suppressed: false,
      unsubscribed: false,
      openCount: 0,
      sentiment: null,
      repliedAt: '',
      campaign: '',
    };
    this.disk.leads.set(email, made);
    return made;
  }

  /** What a campaign's events are counted in. */
  tallyOf(campaign: string): Tally {
    const tally = this.disk.campaigns.get(campaign) ?? { sent: 0, bounced: 0 };
    this.disk.campaigns.set(campaign, tally);
    return tally;
  }

  /** Whether something is wrong with the list. */
  isSpike({ sent, bounced }: Tally): boolean {
    return sent > 20 && bounced / sent > 0.05;
  }

  /** Pauses a campaign, as the provider's API would, on a bounce spike. */
  watchBounces({ event, data }: Event): void {
    const campaign = String(data['campaign_id']);
    const tally = this.tallyOf(campaign);
    if (event === 'email.sent') tally.sent += 1;
    if (event === 'email.bounced') tally.bounced += 1;
    if (this.isSpike(tally)) this.paused.add(campaign);
  }

  /** Starts a campaign at the provider, which knows what is paused. */
  async campaign(): Promise<WatchedCampaign> {
    const id = `cmp_model${(this.campaignsMade += 1)}`;
    return {
      id,
      isPaused: async () => this.paused.has(id),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  applyToLead({ event, data, timestamp }: Event): void {
    if (typeof data['lead_email'] !== 'string') return;
    const lead = this.lead(data['lead_email']);
    lead.campaign = String(data['campaign_id']);
    if (event === 'email.bounced' && data['bounce_type'] === 'hard') lead.suppressed = true;
    if (event === 'email.unsubscribed') {
      lead.unsubscribed = true;
      if (data['suppressed_globally'] === true) lead.suppressed = true;
    }
    if (event === 'email.opened')
      lead.openCount = Math.max(lead.openCount, Number(data['open_count']));
    if (event === 'email.replied' && timestamp >= lead.repliedAt) {
      lead.repliedAt = timestamp;
      lead.sentiment = String(data['reply_sentiment']);
    }
  }

  /** Keys of events that have been processed. */
  get seen(): Set<string> {
    return this.disk.seen;
  }

  /** Handles a verified event. */
  async process(event: Event): Promise<Answer> {
    if (typeof event.data !== 'object' || (event.data as object | null) === null) {
      return { status: 400 };
    }
    const key = this.dedupeKey(event);
    if (this.seen.has(key)) return { status: 200 };
    this.seen.add(key);
    try {
      await this.apply(event);
    } catch {
      this.seen.delete(key);
      return { status: 500 };
    }
    return { status: 204 };
  }

  /** Handles what came by HTTP; what was recovered goes to `process`. */
  async arrived(event: Event): Promise<Answer> {
    return this.process(event);
  }

  async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    if (!this.verify(raw, request)) return { status: 401, body: '{"error":"Invalid signature"}' };
    let event: Event;
    try {
      event = this.parse(raw);
    } catch {
      return { status: 400 };
    }
    if (typeof (event as Event | null)?.id !== 'string') return { status: 400 };
    return this.arrived(event);
  }

  async answer(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    if (request.url !== this.path) return { status: 404 };
    if (request.method !== 'POST') return { status: 405 };
    return this.receive(raw, request);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await this.read(request);
    const { status, headers = {}, body } = await this.answer(raw, request);
    response.writeHead(status, headers).end(body);
  }

  async read(request: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  stateOf(email: string): LeadState {
    const lead = this.disk.leads.get(email);
    if (lead === undefined) return { known: false };
    return {
      known: true,
      suppressed: lead.suppressed,
      unsubscribed: lead.unsubscribed,
      open_count: lead.openCount,
      sentiment: lead.sentiment,
      rates: { bounce_rate: this.bounceRate(this.tallyOf(lead.campaign)) },
    };
  }

  bounceRate({ sent, bounced }: Tally): number {
    return Math.min(1, bounced / Math.max(sent, bounced, 1));
  }

  /** The daily job: every dead letter once, then acknowledged. */
  async recover({ apiUrl, apiKey, webhookId }: DeadLetterSource): Promise<void> {
    const headers = { 'x-user-context': apiKey };
    const base = `${apiUrl}/v1/webhooks/${webhookId}/failed-events`;
    for (;;) {
      const list = (await (await fetch(base, { headers })).json()) as {
        data: Event[];
      };
      if (list.data.length === 0) return;
      for (const letter of list.data) await this.recoverOne(letter, base, headers);
    }
  }

  async recoverOne(
    letter: Event,
    base: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { status } = await this.process(letter);
    if (status >= 300) throw new Error(`${letter.id} cannot be processed now`);
    await fetch(`${base}/${letter.id}/acknowledge`, { method: 'POST', headers });
  }

  /** What a restart brings back from disk. */
  boot(): void {
    this.memory = { seen: new Set(), queue: [] };
  }

  // --- Housekeeping --------------------------------------------------------------------------

  get url(): string {
    return `http://127.0.0.1:${this.port}${this.path}`;
  }

  get hooks(): Hooks {
    return {
      effects: async (id) => this.disk.effects.get(id) ?? 0,
      state: async (email) => this.stateOf(email),
      fault: async (failing) => {
        this.failing = failing;
      },
      restart: async () => {
        await this.stop();
        await this.start();
      },
      recover: (from) => this.recover(from),
      campaign: () => this.campaign(),
    };
  }

  async start(): Promise<void> {
    this.boot();
    this.server = createServer((request, response) => {
      this.serve(request, response).catch(() => response.destroy());
    });
    this.server.keepAliveTimeout = 30_000;
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Ends as a killed process does: at once. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
