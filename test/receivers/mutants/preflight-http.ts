/**
 * Mutants that refuse the plain valid event for a reason that has nothing to do with signatures.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ModelReceiver, type Answer, type Event } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';

type Reply = (request: IncomingMessage, model: () => Promise<Answer>) => Answer | Promise<Answer>;

/** In front of the receiver, something answers. */
const inFront = (name: string, fault: string, reply: Reply): Mutant => ({
  name: `http-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override async answer(raw: Buffer, request: IncomingMessage): Promise<Answer> {
        return reply(request, () => super.answer(raw, request));
      }
    })(secret),
});

const processing = (name: string, fault: string, process: () => Promise<Answer>): Mutant => ({
  name: `http-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override async process(_event: Event): Promise<Answer> {
        return process();
      }
    })(secret),
});

/** The URL that is registered is not quite the receiver's. */
const registeredAs = (name: string, fault: string, url: (right: string) => string): Mutant => ({
  name: `http-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      override get url(): string {
        return url(super.url);
      }
    })(secret),
});

const html = (status: number, text: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
  body: `<!doctype html><title>${text}</title><h1>${text}</h1>`,
});

export const PREFLIGHT_HTTP_MUTANTS: readonly Mutant[] = [
  registeredAs('plain-on-https', 'speaks plain HTTP on the port of an https URL', (url) =>
    url.replace('http:', 'https:'),
  ),
  registeredAs('wrong-path', 'serves another path', (url) => url.replace('webhooks', 'hooks')),
  registeredAs('slash', 'serves only the path without a slash at its end', (url) =>
    url.replace('?', '/?'),
  ),
  inFront('redirect', 'redirects to a slash at the end', ({ url = '' }) => ({
    status: 301,
    headers: { location: url.replace('?', '/?') },
  })),
  inFront('redirect-to-login', 'a session is wanted', () => ({
    status: 302,
    headers: { location: '/login?next=%2Fwebhooks%2Fsendemall' },
  })),
  inFront('get-only', 'the route is registered for GET', ({ method }) =>
    method === 'GET' ? { status: 200 } : { status: 405, headers: { allow: 'GET, HEAD' } },
  ),
  inFront('csrf', 'CSRF protection stands in front', ({ method }) =>
    method === 'GET'
      ? { status: 405 }
      : html(403, 'Forbidden: CSRF verification failed. Request aborted.'),
  ),
  inFront('basic-auth', 'Basic authentication stands in front', () => ({
    status: 401,
    headers: { 'www-authenticate': 'Basic realm="staging"' },
  })),
  inFront('login-page', 'the session middleware stands in front', () =>
    html(403, 'Sign in to continue', { 'set-cookie': 'session=abc; Path=/' }),
  ),
  inFront('tiny-limit', 'takes 100 bytes', () => ({ status: 413 })),
  inFront('limiter', 'a rate limiter is used up', () => ({
    status: 429,
    headers: { 'retry-after': '60' },
  })),
  inFront('form-only', 'takes forms only', ({ headers }, model) =>
    headers['content-type'] === 'application/x-www-form-urlencoded' ? model() : { status: 415 },
  ),
  inFront('bad-gateway', 'the proxy does not reach it', () =>
    html(502, '502 Bad Gateway', { server: 'nginx/1.27.1' }),
  ),
  inFront('bot-check', 'a bot check stands in front', () =>
    html(403, 'Just a moment…', { server: 'cloudflare', 'cf-ray': '8f' }),
  ),
  inFront('broken', 'fails on every request', () => ({
    status: 500,
    body: 'TypeError: The "key" argument must be of type string. Received undefined',
  })),
  processing('handler-throws', 'the handler fails on every event', async () => ({
    status: 500,
    body: 'KeyError: lead_score',
  })),
  processing('schema-too-strict', 'wants a field that there is not', async () => ({
    status: 422,
    body: '{"error":"lead_phone is required"}',
  })),
  {
    name: 'http-cuts-connection',
    fault: 'an error after the signature cuts the connection',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
          if (this.headerOf(request) !== undefined) response.destroy();
          else await super.serve(request, response);
        }
      })(secret),
  },
];
