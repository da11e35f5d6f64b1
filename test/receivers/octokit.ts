/**
 * `@octokit/webhooks`: GitHub's scheme is the same one, so a shim that renames the header is all that it needs.
 *
 * @module
 */
import { createServer } from 'node:http';
import { Webhooks } from '@octokit/webhooks';
import { running, type RunningReceiver } from './receiver.ts';

export const start = (secret: string): Promise<RunningReceiver> => {
  const processed: string[] = [];
  const webhooks = new Webhooks({ secret });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      // The header, renamed to what the library calls x-hub-signature-256.
      const signature = String(request.headers['x-sendemall-signature'] ?? '');
      const verified = signature === '' ? Promise.resolve(false) : webhooks.verify(body, signature);
      void verified.then((good) => {
        if (good) processed.push((JSON.parse(body) as { id: string }).id);
        response.writeHead(good ? 202 : 400).end();
      });
    });
  });
  return running(server, processed);
};
