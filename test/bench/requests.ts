/**
 * `/v1` requests per second against a bare Hono route with the same body, each server in its own process.
 *
 * @module
 */
import autocannon from 'autocannon';
import { median, startChild } from './support.ts';

const ROUNDS = 3;
const SECONDS = 3;
const CONNECTIONS = 16;
const headers = { 'x-user-context': 'bench', 'content-type': 'application/json' };
const registration = JSON.stringify({
  url: 'http://127.0.0.1:9/webhooks/sendemall',
  events: ['email.replied', 'email.bounced', 'email.opened', 'email.unsubscribed'],
  secret: 'whsec_your-signing-secret',
});

/** An account is limited to 100 webhooks, so switch to another account after every 100 requests. */
const accounts = (): { setupRequest: (request: autocannon.Request) => autocannon.Request } => {
  let sent = 0;
  const run = Math.random().toString(36).slice(2);
  return {
    setupRequest: (request) => ({
      ...request,
      headers: { ...headers, 'x-user-context': `${run}-${Math.floor(sent++ / 100)}` },
    }),
  };
};

const perSecond = async (url: string, method: 'GET' | 'POST'): Promise<number> => {
  const result = await autocannon({
    url: `${url}/v1/webhooks`,
    connections: CONNECTIONS,
    duration: SECONDS,
    requests: [
      method === 'GET'
        ? { method, headers }
        : { method, headers, body: registration, ...accounts() },
    ],
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${method}: ${result.non2xx} responses were not 2xx, ${result.errors} errors`);
  }
  return result.requests.average;
};

export const requestFigures = async (): Promise<Record<string, number>> => {
  await using bare = await startChild('bare-app.ts');
  await using mock = await startChild('mock-app.ts');
  const bareUrl = `http://127.0.0.1:${String(bare.hello)}`;
  const mockUrl = String(mock.hello);
  await fetch(`${mockUrl}/v1/webhooks`, { method: 'POST', headers, body: registration });
  const figures: Record<string, number> = {};
  for (const [name, method] of [
    ['list', 'GET'],
    ['register', 'POST'],
  ] as const) {
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const base = await perSecond(bareUrl, method);
      const ours = await perSecond(mockUrl, method);
      ratios.push(ours / base);
      figures[`${name}_per_s`] = Math.round(ours);
      figures[`bare_${name}_per_s`] = Math.round(base);
    }
    figures[`${name}_ratio`] = median(ratios);
  }
  return figures;
};
