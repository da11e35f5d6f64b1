/**
 * `@octokit/webhooks` for GitHub, behind a shim that gives it the headers that it looks for: the scheme is the same.
 * The library verifies, answers 400 to forgeries and takes `application/json` only; what it lacks is a memory.
 *
 * @module
 */
import { createNodeMiddleware, Webhooks } from '@octokit/webhooks';
import { PATH } from '../receiver.ts';
import type { Build } from './run.ts';
import type { Event } from './store.ts';

export const build: Build = (secret, store) => {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const webhooks = new Webhooks({ secret, log: quiet });
  webhooks.onAny(async ({ payload }) => {
    await store.process(payload as unknown as Event);
  });
  const middleware = createNodeMiddleware(webhooks, { path: PATH, log: quiet });

  return (request, response) => {
    const { headers } = request;
    const signature = headers['x-sendemall-signature'];
    if (typeof signature === 'string') headers['x-hub-signature-256'] = signature;
    // GitHub names these in headers; here they are in the body, where onAny reads them.
    headers['x-github-event'] = 'sendemall';
    headers['x-github-delivery'] = 'in-the-body';
    const fallback = () => void response.writeHead(404).end();
    middleware(request, response, fallback).catch(() => response.writeHead(500).end());
  };
};
