/**
 * Probes: what a check works with. A probe creates events, sends requests in every form, records the exchanges, and
 * queries the hooks. Each check gets its own probe; all probes of a run share a {@link ProbeContext}.
 *
 * A request goes through these steps:
 *
 * 1. `post` serializes and signs the event, unless the check overrides the signature or the headers. `connect` instead
 *    opens a raw connection for requests that an HTTP client would normalize; the check records them with `keep`.
 * 2. The client sends it, and returns either a response or the reason why none arrived. Both are a {@link Reply}, because
 *    a refused connection is an observation about the receiver and not an error.
 *    If the receiver limits the rate of requests, it is sent again later; see {@link Throttle}.
 * 3. The exchange is recorded in the order in which requests started, so that reports of concurrent requests do not depend
 *    on response times. Its valid digest is redacted from then on, whether or not it was sent.
 * 4. If the effects hook is in use and the receiver accepted a validly signed event, the event joins the backlog, which
 *    later waits for its effect.
 *
 * Failure: `post` and `connect` throw once the run has ended (`signal`), so that a check in a loop ends with it. A
 * `ProbeError` from the client means that the suite could not send the request or read its response: the check ends
 * with an error, and not with a verdict on the receiver. Hooks that fail throw a `HookError`, with the same result. After
 * the first timeout of a run, further requests get shorter timeouts; see {@link ProbeContext.timeoutMs}.
 *
 * @module
 */
import type { LookupFunction } from 'node:net';
import type { WallClock } from '../../clock/port.ts';
import { CONTENT_TYPE, SIGNATURE, type EventType } from '../../../schemas/contract.ts';
import type { Redactor } from '../redact/redact.ts';
import type { Data, Envelope, Event, EventMaker } from './event-maker.ts';
import type { Exchange, HeaderPairs, Reply, SentRequest } from '../net/exchange.ts';
import type { Backlog } from '../hooks/backlog.ts';
import { createEffectLatency } from '../hooks/effect-latency.ts';
import {
  createEffects,
  type Effects,
  type Hooks,
  type Queue,
  type StartSandbox,
} from '../hooks/hooks.ts';
import type { HttpClient } from '../net/http-client.ts';
import type { Limits, Throttle } from '../net/throttle.ts';
import { openRaw, type RawConnection } from '../net/raw-socket.ts';
import { createExclusive } from './exclusive.ts';
import { createRecorder } from './recorder.ts';
import { createRunMemory, type RunMemory } from './run-memory.ts';
import type { Signing, SignatureValue } from './signing.ts';

export interface PostOptions {
  /** Default: the valid one. Null: no header. */
  readonly signature?: SignatureValue;
  /** Default: the provider's `Content-Type`. Null: no header. */
  readonly contentType?: string | null;
  readonly method?: string;
  /** Additional headers, after the others. */
  readonly headers?: HeaderPairs;
  /** Default: the target URL. */
  readonly url?: string;
  /** Default: the timeout of the run. */
  readonly timeoutMs?: number;
}

/** State and services that all probes of a run share. */
export interface ProbeContext {
  readonly url: string;
  readonly wall: WallClock;
  /** Random numbers in [0, 1), reproducible by the seed. */
  readonly random: () => number;
  readonly client: HttpClient;
  readonly signing: Signing;
  readonly redactor: Redactor;
  readonly events: EventMaker;
  readonly hooks: Hooks;
  /** Headers of the user, sent with every request. */
  readonly headers: HeaderPairs;
  readonly insecure: boolean;
  /** Resolves host names of the receiver; default: the system's. */
  readonly lookup?: LookupFunction | undefined;
  /**
   * Current timeout of a request: shorter after the receiver has hung once.
   *
   * @param isValid whether the request is validly signed: not responding to it is a finding, so it gets more time
   */
  timeoutMs(isValid: boolean): number;
  /** An event type that the receiver acts on: the default type of an event. */
  readonly primaryType?: (() => EventType) | undefined;
  /** How long to wait for an effect; default: that of the hooks. */
  readonly effectWithinMs?: (() => number) | undefined;
  /** Every exchange of the run so far, of all checks, in the order of their replies. */
  readonly allExchanges?: (() => readonly Exchange[]) | undefined;
  /** Start or find a sandbox that can reach the receiver. */
  readonly sandbox: StartSandbox | undefined;
  /** See `VerifyOptions.receiverLog`. */
  readonly receiverLog?: (() => string | null) | undefined;
  /** Null without an effects hook. */
  readonly backlog: Backlog | null;
  readonly signal: AbortSignal | undefined;
  /** What the probes of a run share; default: a memory of its own. */
  readonly memory?: RunMemory | undefined;
  /** Rate limits of the receiver, which requests wait for; undefined in intentional bursts. */
  readonly throttle?: Throttle | undefined;
  /** Whether the receiver is so slow that requests should run side by side, with fewer repetitions. */
  readonly isSlow?: (() => boolean) | undefined;
  /** Independent requests that may be in flight at the same time; default: one. */
  readonly atOnce?: (() => number) | undefined;
  /** What the rate limits of the receiver did to the run so far. */
  readonly limits?: (() => Limits) | undefined;
  /** Spend more time: more generated events, longer histories, longer pauses. */
  readonly thorough?: boolean | undefined;
  /** Saved events that are replayed before any are generated. */
  readonly examples?: readonly Event[] | undefined;
  /** Event types that have an effect, as the user says; null or undefined: unknown. */
  readonly effectTypes?: readonly EventType[] | null | undefined;
  /** Returns the address of a lead that the receiver knows; null or undefined: generated addresses will do. */
  readonly leadEmail?: (() => string) | null | undefined;
  /** Called with every exchange. */
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
  /** Events that the receiver has accepted and not processed yet; null without an effects hook. */
  readonly queue: Queue | null;
  readonly events: EventMaker;
  readonly timeoutMs: number;
  readonly sandbox: StartSandbox | undefined;
  readonly signal: AbortSignal | undefined;
  /** What the probes of a run share. */
  readonly memory: RunMemory;
  /** Run an experiment while no other check of the run sends anything. */
  alone<T>(experiment: () => Promise<T>): Promise<T>;
  /** Whether the receiver is so slow that requests should run side by side, with fewer repetitions. */
  isSlow(): boolean;
  /** Independent requests that may be in flight at the same time: one at a fast receiver, more the slower it is. */
  atOnce(): number;
  /** What the rate limits of the receiver did to the run so far. */
  limits(): Limits;
  /** Spend more time: more generated events, longer histories, longer pauses. */
  readonly thorough: boolean;
  /** Saved events that are replayed before any are generated. */
  readonly examples: readonly Event[];
  /** Event types that have an effect, as the user says; null: unknown. */
  readonly effectTypes: readonly EventType[] | null;
  /** Returns the address of a lead that the receiver knows; null: generated addresses will do. */
  readonly leadEmail: (() => string) | null;
  /** Every exchange of the run so far, of all checks, in the order of their replies. */
  readonly allExchanges: () => readonly Exchange[];
  /** Exchanges of this check so far. */
  readonly exchanges: readonly Exchange[];

  /** A fresh valid event, by default of a type that the receiver acts on; see {@link EventMaker.make}. */
  event(type?: EventType, data?: Data, envelope?: Envelope): Event;
  /** Serialize as the provider does: compact JSON. */
  write(event: Event): string;
  /** Post an event (serialized compactly) or bytes, validly signed by default. */
  post(body: Event | Uint8Array | string, options?: PostOptions): Promise<Exchange>;
  /** The headers of a delivery: content type, signature, and headers of the user. */
  headersFor(body: Uint8Array | string, options?: PostOptions): HeaderPairs;
  /** Open a raw connection. Close it when done. */
  connect(): Promise<RawConnection>;
  /** Whether a TLS handshake with the same host and port succeeds; nothing is sent over it. */
  speaksTls(): Promise<boolean>;
  /** Record an exchange that was made over a raw connection. */
  keep(request: Omit<SentRequest, 'url'>, reply: Reply): Exchange;
}

/** The type of a plain event, unless the receiver does not act on it. */
export const DEFAULT_TYPE: EventType = 'email.replied';

const NO_LIMITS: Limits = { count: 0, first: null, waitedMs: 0 };

const TLS_HANDSHAKE_TIMEOUT_MS = 2000;

/** The same host and port over https, with the default port of http made explicit. */
export const overTls = (url: string): string => {
  const to = new URL(url);
  const port = to.protocol === 'http:' ? to.port || '80' : to.port;
  to.protocol = 'https:';
  to.port = port;
  return to.href;
};

const isEvent = (body: Event | Uint8Array | string): body is Event =>
  typeof body === 'object' && !(body instanceof Uint8Array);

/** Build the headers of a delivery. @param extra headers of the user */
const buildHeaders = (
  signing: Signing,
  extra: HeaderPairs,
  body: Uint8Array | string,
  options: PostOptions = {},
): HeaderPairs => {
  const { contentType = CONTENT_TYPE, signature = signing.valid(body), headers = [] } = options;
  return [
    ...(contentType === null ? [] : [['Content-Type', contentType] as const]),
    ...(signature === null ? [] : [[SIGNATURE.header, signature] as const]),
    ...extra,
    ...headers,
  ];
};

const write = (event: Event): string => JSON.stringify(event);

const effectsOf = (context: ProbeContext, memory: RunMemory): Effects | null => {
  const { hooks, wall, backlog: queue, effectWithinMs: defaultForMs } = context;
  if (hooks.effects === undefined) return null;
  const latency = memory.once('effect latency', createEffectLatency);
  return createEffects(hooks.effects, wall, { queue, defaultForMs, latency });
};

/** How a body becomes a request. */
const createRequests = (context: ProbeContext) => {
  const { url, signing } = context;
  return (body: Event | Uint8Array | string, options: PostOptions): SentRequest => {
    const text = isEvent(body) ? write(body) : body;
    const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
    return {
      method: options.method ?? 'POST',
      url: options.url ?? url,
      headers: buildHeaders(signing, context.headers, bytes, options),
      body: bytes,
      manner: null,
    };
  };
};

/** Create the probe of one check. */
export const createProbe = (context: ProbeContext): Probe => {
  const { url, wall, signing, hooks, events, client, signal, throttle } = context;
  const { primaryType = () => DEFAULT_TYPE } = context;
  const recorder = createRecorder({ ...context, primaryType });
  const queue = hooks.effects === undefined ? null : context.backlog;
  const memory = context.memory ?? createRunMemory();
  const exclusive = memory.once('exclusive', createExclusive);

  const toRequest = createRequests(context);

  return {
    url,
    wall,
    random: context.random,
    signing,
    hooks,
    effects: effectsOf(context, memory),
    queue,
    events,
    get timeoutMs() {
      return context.timeoutMs(false);
    },
    sandbox: context.sandbox,
    signal,
    memory,
    alone: (experiment) => exclusive.run(recorder, wall, experiment),
    isSlow: context.isSlow ?? (() => false),
    atOnce: context.atOnce ?? (() => 1),
    limits: context.limits ?? (() => NO_LIMITS),
    thorough: context.thorough ?? false,
    examples: context.examples ?? [],
    effectTypes: context.effectTypes ?? null,
    leadEmail: context.leadEmail ?? null,
    allExchanges: context.allExchanges ?? (() => recorder.exchanges),
    exchanges: recorder.exchanges,
    event: (type = primaryType(), data, envelope) => events.make(type, data, envelope),
    write,
    headersFor: (body, options) => buildHeaders(signing, context.headers, body, options),
    post: async (body, options = {}) => {
      // A check in a loop must end with the run.
      signal?.throwIfAborted();
      const request = toRequest(body, options);
      const { signature = signing.valid(request.body) } = options;
      const isValid = signature === signing.valid(request.body);
      const timeoutMs = options.timeoutMs ?? context.timeoutMs(options.signature === undefined);
      for (let attempt = 0; ; attempt += 1) {
        if (throttle !== undefined) await throttle.ready();
        if (exclusive.isBusy(recorder)) await exclusive.ready(recorder);
        signal?.throwIfAborted();
        const startedAs = recorder.start();
        const exchange = { request, reply: await exclusive.track(client.send(request, timeoutMs)) };
        const isRetried = throttle?.shouldRetry(exchange, attempt, isValid) ?? false;
        if (!isRetried) return recorder.record(exchange, startedAs);
      }
    },
    connect: async () => {
      if (throttle !== undefined) await throttle.ready();
      if (exclusive.isBusy(recorder)) await exclusive.ready(recorder);
      signal?.throwIfAborted();
      const { insecure, lookup } = context;
      return openRaw({ url, insecure, lookup, wall, timeoutMs: context.timeoutMs(true), signal });
    },
    speaksTls: async () => {
      const { lookup } = context;
      const options = { insecure: true, lookup, wall, signal, timeoutMs: TLS_HANDSHAKE_TIMEOUT_MS };
      const connection = await openRaw({ ...options, url: overTls(url) });
      connection.close();
      return connection.failure() === null;
    },
    keep: (request, reply) =>
      recorder.record({ request: { ...request, url }, reply }, recorder.start()),
  };
};
