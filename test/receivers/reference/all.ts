/**
 * Receivers that are right, in the stacks that people use, and what each of them does that a right receiver may.
 *
 * @module
 */
import { missingModule } from '../python.ts';
import type { RunningReceiver } from '../receiver.ts';
import { build as express } from './express.ts';
import { build as fastify, buildSlow as fastifySlow } from './fastify.ts';
import { build as h3 } from './h3.ts';
import { build as hono } from './hono.ts';
import { build as koa } from './koa.ts';
import { build as nest } from './nest.ts';
import { build as nodeHttp } from './node-http.ts';
import { build as octokit } from './octokit.ts';
import { run, type Build } from './run.ts';
import { runPython } from './run-python.ts';
import { build as slow } from './slow.ts';

export interface Reference {
  readonly name: string;
  /** What a hasty check would call a fault. */
  readonly may: string;
  readonly start: (secret: string) => Promise<RunningReceiver>;
  /** Its answer to a forgery. */
  readonly forged: number;
  /** Why it cannot run on this machine; null when it can. */
  readonly missing: () => string | null;
  /** Checks that it is run with, where all of them would take too long. */
  readonly only?: readonly string[];
}

const inNode = (build: Build): Pick<Reference, 'start' | 'missing'> => ({
  start: (secret) => run(build, secret),
  missing: () => null,
});

const inPython = (
  file: string,
  module: string,
  supervised = false,
): Pick<Reference, 'start' | 'missing'> => ({
  start: (secret) => runPython(file, secret, supervised),
  missing: () => missingModule(module),
});

export const REFERENCES: readonly Reference[] = [
  {
    name: 'node:http',
    may: '204, closes every connection, 405 to other methods',
    forged: 401,
    ...inNode(nodeHttp),
  },
  {
    name: 'Express',
    may: '200 with JSON, a health page on GET, at most 1 MiB',
    forged: 401,
    ...inNode(express),
  },
  {
    name: 'Fastify',
    may: '202 and a worker with a durable queue; takes application/json only',
    forged: 401,
    ...inNode(fastify),
  },
  {
    name: 'Fastify, busy',
    may: '202 and a worker that is hundreds of events behind after a burst',
    forged: 401,
    ...inNode(fastifySlow),
  },
  {
    name: 'Koa',
    may: '200 with text, 409 while the same event is being processed',
    forged: 403,
    ...inNode(koa),
  },
  { name: 'Hono', may: '201 without a body, one request at a time', forged: 401, ...inNode(hono) },
  {
    name: 'NestJS',
    may: '201 with JSON, parses before it verifies',
    forged: 403,
    ...inNode(nest),
  },
  { name: 'h3', may: '202 without a body', forged: 400, ...inNode(h3) },
  {
    name: '@octokit/webhooks',
    may: '200 with text, behind a shim that renames headers; takes application/json only',
    forged: 400,
    ...inNode(octokit),
  },
  {
    name: 'Python http.server',
    may: 'HTTP/1.0, one request at a time, 411 without a Content-Length, brought back by a supervisor',
    forged: 401,
    ...inPython('http_server.py', 'sqlite3', true),
  },
  {
    name: 'Flask',
    may: '200 with JSON, a thread for each request',
    forged: 401,
    ...inPython('flask_app.py', 'flask'),
  },
  {
    name: 'node:http, slow',
    may: '1.8 seconds for every answer',
    forged: 401,
    only: ['signature/accepts-valid', 'signature/missing-header'],
    ...inNode(slow),
  },
];
