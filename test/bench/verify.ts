/**
 * Duration of the conformance suite, and its overhead over the requests that it sends. The receivers run in the same process,
 * so their time is included. Sends its figures to the parent.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { Client } from 'undici';
import { verify } from '../../src/conformance/verify.ts';
import { isSignedBy } from '../../src/signature/sign.ts';
import { REFERENCES } from '../receivers/reference/all.ts';
import { SECRET } from './sample.ts';
import { median } from './support.ts';

const ROUNDS = 9;
/** A body that takes longer than this to arrive was sent slowly on purpose. */
const MIN_SLOW_MS = 20;

interface Sent {
  /** Number of the connection, in the order of first use. */
  readonly connection: number;
  readonly method: string;
  readonly path: string;
  readonly headers: string[];
  readonly body: Buffer;
  readonly began: number;
  /** Milliseconds from the head to the end of the body. */
  readonly took: number;
}

interface Server {
  readonly url: string;
  close(): void;
}

const listen = async (listener: RequestListener): Promise<Server> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/webhooks/sendemall`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};

const read = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Headers of the connection, which each sender sets itself. */
const CONNECTION_HEADERS =
  /^(?:host|connection|content-length|transfer-encoding|expect|keep-alive|upgrade)$/i;

const endToEndHeaders = (headers: readonly string[]): string[] =>
  headers.flatMap((name, index) =>
    index % 2 === 1 || CONNECTION_HEADERS.test(name) ? [] : [name, headers[index + 1] ?? ''],
  );

/** A minimal correct receiver that records its requests. */
const recordRequests = (sent: Sent[]): RequestListener => {
  const connections = new Map<Socket, number>();
  const numberOf = (socket: Socket): number => {
    const number = connections.get(socket) ?? connections.size;
    connections.set(socket, number);
    return number;
  };
  const answer = async (request: IncomingMessage): Promise<number> => {
    const began = performance.now();
    const connection = numberOf(request.socket);
    const body = await read(request);
    const took = performance.now() - began;
    const { method = '', url: path = '', rawHeaders } = request;
    sent.push({
      connection,
      method,
      path,
      headers: endToEndHeaders(rawHeaders),
      body,
      began,
      took,
    });
    if (method !== 'POST') return 405;
    const signature = request.headers['x-sendemall-signature'];
    return isSignedBy(String(signature ?? ''), body, SECRET) ? 204 : 401;
  };
  return (request, response) => {
    // A sender may close its connection before its body is complete.
    answer(request).then(
      (status) => response.writeHead(status).end(),
      () => response.destroy(),
    );
  };
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

/** Groups requests that overlapped in time. */
const groupsOf = (sent: readonly Sent[]): Sent[][] => {
  const groups: Sent[][] = [];
  let end = -Infinity;
  for (const one of sent.toSorted((a, b) => a.began - b.began)) {
    if (one.began >= end) groups.push([]);
    groups.at(-1)!.push(one);
    end = Math.max(end, one.began + one.took);
  }
  return groups;
};

/** Sends the body as the suite did: at once, or half of it, a pause, and the rest. */
const bodyOf = ({ body, took }: Sent): Buffer | Readable => {
  if (took < MIN_SLOW_MS) return body;
  const half = body.length >> 1;
  const slowly = async function* (): AsyncGenerator<Buffer> {
    yield body.subarray(0, half);
    await setTimeout(took);
    yield body.subarray(half);
  };
  return Readable.from(slowly());
};

/** Sends the same requests in the same order, with the same concurrency, connections and pauses. */
const sendBare = async (origin: string, groups: readonly Sent[][]): Promise<void> => {
  const clients = new Map<number, Client>();
  const last = new Map(groups.flat().map((one) => [one.connection, one]));
  const send = async (one: Sent): Promise<void> => {
    const { connection, method, path, headers } = one;
    const client = clients.get(connection) ?? new Client(origin);
    clients.set(connection, client);
    const answer = await client.request({ method, path, headers, body: bodyOf(one) });
    await answer.body.text();
    if (last.get(connection) === one) await client.close();
  };
  for (const group of groups) await Promise.all(group.map(send));
};

const conformant = async (options: Parameters<typeof verify>[0]): Promise<number> => {
  let verdict = '';
  const ms = await timed(async () => {
    ({ verdict } = (await verify(options)).summary);
  });
  if (!['conformant', 'passed'].includes(verdict))
    throw new Error(`a correct receiver got the verdict ${verdict}`);
  return ms;
};

/** Duration of a whole run, and of its requests sent without the suite. */
const overhead = async (): Promise<{ requests: number; run: number; bare: number }> => {
  const sent: Sent[] = [];
  const { url, close } = await listen(recordRequests(sent));
  const run = (): Promise<number> => conformant({ url, secret: SECRET, seed: 1 });
  await run();
  const groups = groupsOf(sent);
  const requests = sent.length;
  const { origin } = new URL(url);
  const runs: number[] = [];
  const bares: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    runs.push(await run());
    bares.push(await timed(() => sendBare(origin, groups)));
  }
  close();
  return { requests, run: median(runs), bare: median(bares) };
};

const express = REFERENCES.find(({ name }) => name === 'Express');
if (express === undefined) throw new Error('the Express receiver is missing');
await using receiver = await express.start(SECRET);
const { url, hooks } = receiver;
const { effects } = hooks;
if (effects === undefined) throw new Error('the Express receiver has no effects hook');
// The first run of a process, as a user starts it, with nothing compiled yet.
const default_ms = await conformant({ url, secret: SECRET, seed: 1 });
// The receiver deduplicates events, so use another seed to get other events.
const effects_ms = await conformant({ url, secret: SECRET, seed: 2, hooks: { effects } });
const hooks_ms = await conformant({ url, secret: SECRET, seed: 3, hooks });
const hanging = await listen(() => undefined);
const hanging_ms = await timed(() => verify({ url: hanging.url, secret: SECRET, seed: 1 }));
hanging.close();
const { requests, run, bare } = await overhead();
const figures = {
  default_ms,
  effects_ms,
  hooks_ms,
  hanging_ms,
  overhead: run / bare,
  requests,
  run_ms: run,
  bare_ms: bare,
};
if (process.send === undefined) console.log(figures);
else process.send(figures);
