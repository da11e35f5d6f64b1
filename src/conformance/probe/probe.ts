/**
 * What a check works with: makes events, sends them in every manner, keeps what was exchanged, asks the hooks.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';
import { CONTENT_TYPE, SIGNATURE, type EventType } from '../../../schemas/contract.ts';
import type { Redactor } from '../redact/redact.ts';
import type { Data, Envelope, Event, EventMaker } from './event-maker.ts';
import type { Exchange, HeaderPairs, Reply, SentRequest } from '../net/exchange.ts';
import type { Backlog } from '../hooks/backlog.ts';
import {
  createEffects,
  type Effects,
  type Hooks,
  type Queue,
  type StartSandbox,
} from '../hooks/hooks.ts';
import type { HttpClient } from '../net/http-client.ts';
import { createRunMemory, type RunMemory } from './run-memory.ts';
import { openRaw, type RawConnection } from '../net/raw-socket.ts';
import type { Signing, SignatureValue } from './signing.ts';

export interface PostOptions {
  /** Left out: the right one. Null: no header. */
  readonly signature?: SignatureValue;
  /** Left out: the provider's `Content-Type`. Null: no such header. */
  readonly contentType?: string | null;
  readonly method?: string;
  /** More headers, after the others. */
  readonly headers?: HeaderPairs;
  /** In place of the target's. */
  readonly url?: string;
  /** Milliseconds; the run's limit unless given. */
  readonly timeoutMs?: number;
}

/** What all probes of a run share. */
export interface ProbeContext {
  readonly url: string;
  readonly wall: WallClock;
  /** Numbers in [0, 1), the same for the same seed. */
  readonly random: () => number;
  readonly client: HttpClient;
  readonly signing: Signing;
  readonly redactor: Redactor;
  readonly events: EventMaker;
  readonly hooks: Hooks;
  /** Sent with every request. */
  readonly headers: HeaderPairs;
  readonly insecure: boolean;
  /**
   * Milliseconds that a request may take now: shorter once the receiver has been seen to hang.
   *
   * @param isValid whether it is rightly signed: that nobody answers it is a finding, and takes more time to say
   */
  timeoutMs(isValid: boolean): number;
  /** Starts, or finds, a sandbox that reaches the receiver. */
  readonly sandbox: StartSandbox | undefined;
  /** Null without an effects hook. */
  readonly backlog: Backlog | null;
  readonly signal: AbortSignal | undefined;
  /** What the run has learnt so far, shared by its probes; a new one unless given. */
  readonly memory?: RunMemory | undefined;
  /** Spend more time on generated input; false unless given. */
  readonly thorough?: boolean | undefined;
  /** Saved cases that are replayed before anything is generated. */
  readonly examples?: readonly Event[] | undefined;
  /** Told of every exchange. */
  readonly seen: (exchange: Exchange) => void;
}

export interface Probe {
  readonly url: string;
  readonly wall: WallClock;
  readonly random: () => number;
  readonly signing: Signing;
  readonly hooks: Hooks;
  /** Null without an effects hook. */
  readonly effects: Effects | null;
  /** What the receiver has accepted and not processed yet; null without an effects hook. */
  readonly queue: Queue | null;
  readonly events: EventMaker;
  readonly timeoutMs: number;
  readonly sandbox: StartSandbox | undefined;
  readonly signal: AbortSignal | undefined;
  readonly memory: RunMemory;
  readonly thorough: boolean;
  readonly examples: readonly Event[];
  /** What this check has exchanged so far. */
  readonly exchanges: readonly Exchange[];

  /** A fresh valid event; see {@link EventMaker.make}. */
  event(type?: EventType, data?: Data, envelope?: Envelope): Event;
  /** The bytes as the provider writes them: compact JSON. */
  write(event: Event): string;
  /** Posts an event (written compactly) or bytes, rightly signed unless told otherwise. */
  post(body: Event | Uint8Array | string, options?: PostOptions): Promise<Exchange>;
  /** The headers of a delivery: content type, signature, and what the user gave. */
  headersFor(body: Uint8Array | string, options?: PostOptions): HeaderPairs;
  /** A connection that takes bytes as they are. Close it when done. */
  connect(): Promise<RawConnection>;
  /** Whether a TLS handshake with the same host and port comes off; nothing is sent over it. */
  speaksTls(): Promise<boolean>;
  /** Keeps an exchange that was made over a raw connection. */
  keep(request: Omit<SentRequest, 'url'>, reply: Reply): Exchange;
}

/** As long as a handshake may take. */
const TLS_HANDSHAKE_MS = 2000;

/** The same place by https://, with its port, which for http:// may be left out. */
export const overTls = (url: string): string => {
  const to = new URL(url);
  const port = to.protocol === 'http:' ? to.port || '80' : to.port;
  to.protocol = 'https:';
  to.port = port;
  return to.href;
};

const isEvent = (body: Event | Uint8Array | string): body is Event =>
  typeof body === 'object' && !(body instanceof Uint8Array);

/** What the effects hook is vouched for with: of another type a right receiver may make nothing. */
const VOUCHED: EventType = 'email.replied';

const isTaken = ({ reply }: Exchange): boolean =>
  reply.kind === 'answer' && reply.status >= 200 && reply.status < 300;

const parse = (bytes: Uint8Array): Partial<Event> | null => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Event> | null;
  } catch {
    return null;
  }
};

export const createProbe = (context: ProbeContext): Probe => {
  const { url, wall, random, signing, hooks, events, headers: extra, client, signal } = context;
  const exchanges: Exchange[] = [];
  /** When each of them was begun: of those side by side, the order must not depend on who answers first. */
  const begun: number[] = [];
  let begins = 0;
  const begin = (): number => (begins += 1);
  /** What was delivered as the provider does and taken will have its effect. */
  const note = (exchange: Exchange): void => {
    const { method, url: to, headers, body } = exchange.request;
    if (context.backlog === null || method !== 'POST' || to !== url || !isTaken(exchange)) return;
    const signature = headers.find(([name]) => name === SIGNATURE.header)?.[1];
    if (signature !== signing.valid(body)) return;
    const { event, id } = parse(body) ?? {};
    if (event === VOUCHED && typeof id === 'string') context.backlog.accepted(id);
  };
  const keep = (exchange: Exchange, at: number): Exchange => {
    // An answer can give away the right digest of what was sent without one: it must be known to be hidden.
    signing.digest(exchange.request.body);
    const later = begun.filter((other) => other > at).length;
    exchanges.splice(exchanges.length - later, 0, exchange);
    begun.splice(begun.length - later, 0, at);
    context.seen(exchange);
    note(exchange);
    return exchange;
  };
  const write = (event: Event): string => JSON.stringify(event);
  const headersFor = (body: Uint8Array | string, options: PostOptions = {}): HeaderPairs => {
    const { contentType = CONTENT_TYPE, signature = signing.valid(body), headers = [] } = options;
    return [
      ...(contentType === null ? [] : [['Content-Type', contentType] as const]),
      ...(signature === null ? [] : [[SIGNATURE.header, signature] as const]),
      ...extra,
      ...headers,
    ];
  };

  const queue = hooks.effects === undefined ? null : context.backlog;

  return {
    url,
    wall,
    random,
    signing,
    hooks,
    effects: hooks.effects === undefined ? null : createEffects(hooks.effects, wall, queue),
    queue,
    events,
    get timeoutMs() {
      return context.timeoutMs(false);
    },
    sandbox: context.sandbox,
    signal: context.signal,
    memory: context.memory ?? createRunMemory(),
    thorough: context.thorough ?? false,
    examples: context.examples ?? [],
    exchanges,
    event: events.make,
    write,
    headersFor,
    post: async (body, options = {}) => {
      // A check in a loop must end with the run.
      signal?.throwIfAborted();
      const text = isEvent(body) ? write(body) : body;
      const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
      const request: SentRequest = {
        method: options.method ?? 'POST',
        url: options.url ?? url,
        headers: headersFor(bytes, options),
        body: bytes,
        manner: null,
      };
      const at = begin();
      const limit = options.timeoutMs ?? context.timeoutMs(options.signature === undefined);
      const reply = await client.send(request, limit);
      return keep({ request, reply }, at);
    },
    connect: async () => {
      signal?.throwIfAborted();
      const { insecure } = context;
      return openRaw({ url, insecure, wall, timeoutMs: context.timeoutMs(true), signal });
    },
    speaksTls: async () => {
      const over = { insecure: true, wall, timeoutMs: TLS_HANDSHAKE_MS, signal };
      const connection = await openRaw({ ...over, url: overTls(url) });
      connection.close();
      return connection.failure() === null;
    },
    keep: (request, reply) => keep({ request: { ...request, url }, reply }, begin()),
  };
};
