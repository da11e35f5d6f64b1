/**
 * A bare Hono route that validates a trigger with the same schemas, and answers with the event: the baseline for
 * `POST /_sandbox/events`. `BARE` selects it; else the sandbox is started. Each round answers with the processor time.
 *
 * @module
 */
import { once } from 'node:events';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { EVENT_DATA_SCHEMAS } from '../../schemas/events.ts';
import { TriggerRequest } from '../../schemas/sandbox.ts';
import { createMock } from '../../src/create-mock.ts';
import { answerRounds } from './support.ts';

export interface TriggerRound {
  readonly url: string;
  /** Processor time of the process since it was started. */
  readonly cpuMs: number;
}

const startBare = async (): Promise<string> => {
  const meta = { request_id: 'req_01J00000000000000000000000', timestamp: '2026-04-06T12:00:00Z' };
  const app = new Hono().post('/_sandbox/events', async (c) => {
    const { event, data } = TriggerRequest.parse(await c.req.json());
    const checked = EVENT_DATA_SCHEMAS[event].parse(data);
    const id = 'evt_01J00000000000000000000000';
    const published = { event, id, timestamp: meta.timestamp, data: checked };
    const answer = { events: [published], deliveries: [], notice: null };
    return c.json({ success: true, data: answer, meta }, 202);
  });
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
};

const url =
  process.env['BARE'] === undefined
    ? (await createMock({ rateLimit: false, db: null })).url
    : await startBare();

answerRounds(async (): Promise<TriggerRound> => {
  const { user, system } = process.cpuUsage();
  return { url, cpuMs: (user + system) / 1000 };
});
