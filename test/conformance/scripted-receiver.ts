/**
 * A receiver that answers what a test says, over real HTTP, and what it takes to run checks against it. Waiting costs
 * no time: the clock leaps to whatever is waited for.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/clock/system.ts';
import type { WallClock } from '../../src/clock/port.ts';
import { createEventMaker, type Event } from '../../src/conformance/probe/event-maker.ts';
import type { HeaderPairs } from '../../src/conformance/net/exchange.ts';
import type { Hooks, StartSandbox } from '../../src/conformance/hooks/hooks.ts';
import { createHttpClient } from '../../src/conformance/net/http-client.ts';
import { createProbe, type Probe } from '../../src/conformance/probe/probe.ts';
import { createSigning } from '../../src/conformance/probe/signing.ts';
import { createRedactor } from '../../src/conformance/redact/redact.ts';
import type { RunPlan } from '../../src/conformance/run/plan.ts';
import { seededRandom } from '../../src/domain/random.ts';
import { SECRET } from './run-suite.ts';

/** What came in. */
export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Whether the signature is right. */
  readonly isSigned: boolean;
  /** The event's id; empty if the body contains no id. */
  readonly id: string;
}

interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A status, an answer, or none: the connection is cut, or nothing comes. */
export type Act = number | Reply | 'cut' | 'hang';

/** @param nth how many came before it */
export type Script = (heard: Heard, nth: number) => Act;

const idOf = (body: string): string => {
  try {
    return String((JSON.parse(body) as Partial<Event>).id);
  } catch {
    return '';
  }
};

/** Time that stands still but for what somebody waits for: then it is there. */
export const leapingClock = (): WallClock => {
  let now = 0;
  const waiting: { readonly due: number; readonly wake: () => void }[] = [];
  const leap = (): void => {
    waiting.sort((a, b) => a.due - b.due);
    const next = waiting.shift();
    if (next === undefined) return;
    now = Math.max(now, next.due);
    next.wake();
  };
  return {
    now: () => now,
    after: (ms, wake) => {
      const one = { due: now + ms, wake };
      waiting.push(one);
      setImmediate(leap);
      return () => {
        if (waiting.includes(one)) waiting.splice(waiting.indexOf(one), 1);
      };
    },
  };
};

export interface ScriptedOptions {
  readonly hooks?: Hooks;
  readonly headers?: HeaderPairs;
  readonly signal?: AbortSignal;
  readonly sandbox?: StartSandbox;
  /** Of its URL; `/hook` unless given. */
  readonly path?: string;
  /** Leaps unless given; what goes over sockets of its own needs one that does not. */
  readonly wall?: WallClock;
  /** Of each request, in real milliseconds. */
  readonly timeoutMs?: number;
}

export interface Scripted extends AsyncDisposable {
  readonly url: string;
  readonly wall: WallClock;
  readonly heard: readonly Heard[];
  readonly probe: Probe;
  readonly context: RunPlan['context'];
}

/** Starts it. */
export const scripted = async (
  script: Script,
  {
    wall = leapingClock(),
    hooks = {},
    headers = [],
    signal,
    sandbox,
    path = '/hook',
    timeoutMs = 10_000,
  }: ScriptedOptions = {},
): Promise<Scripted> => {
  const redactor = createRedactor();
  const signing = createSigning(SECRET, redactor);
  const heard: Heard[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const body = bytes.toString('utf8');
    const one: Heard = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body,
      isSigned: request.headers['x-sendemall-signature'] === signing.valid(bytes),
      id: idOf(body),
    };
    const act = script(one, heard.length);
    heard.push(one);
    if (act === 'hang') return;
    if (act === 'cut') {
      response.destroy();
      return;
    }
    const reply = typeof act === 'number' ? { status: act } : act;
    response.writeHead(reply.status, reply.headers).end(reply.body ?? '');
  };
  const server = createServer((request, response) => {
    // What a script throws is the test's trouble: it shows as a connection that is cut.
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  // Its time limits are those of real requests.
  const client = createHttpClient({
    wall: systemClock,
    insecure: false,
    connections: 8,
    signal: undefined,
  });
  const context = {
    url,
    wall,
    client,
    signing,
    redactor,
    hooks,
    headers,
    insecure: false,
    sandbox,
    signal,
  };
  const random = seededRandom(1);
  const probe = createProbe({
    ...context,
    random,
    events: createEventMaker(random, wall.now),
    timeoutMs: () => timeoutMs,
    backlog: null,
    seen: () => undefined,
  });
  return {
    url,
    wall,
    heard,
    probe,
    context,
    [Symbol.asyncDispose]: async () => {
      await client.close();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
};

/** Accepts correctly signed requests, and rejects the rest. */
export const right: Script = ({ isSigned }) => (isSigned ? 204 : 401);
