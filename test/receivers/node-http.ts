/**
 * A receiver that is right, with nothing but Node: raw bytes, constant-time comparison, one effect per event id.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { PATH, running, type RunningReceiver } from './receiver.ts';

export const start = (secret: string): Promise<RunningReceiver> => {
  const processed: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method !== 'POST' || request.url !== PATH) {
        response.writeHead(404).end();
        return;
      }
      const body = Buffer.concat(chunks);
      const expected = Buffer.from(
        `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      );
      const given = Buffer.from(String(request.headers['x-sendemall-signature'] ?? ''));
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
        response.writeHead(401).end();
        return;
      }
      const { id } = JSON.parse(body.toString()) as { id: string };
      if (!processed.includes(id)) processed.push(id);
      response.writeHead(204).end();
    });
  });
  return running(server, processed);
};
