/**
 * Fastify: the body is kept as bytes until it is verified.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import fastify from 'fastify';
import { PATH, running, type RunningReceiver } from './receiver.ts';

export const start = async (secret: string): Promise<RunningReceiver> => {
  const processed: string[] = [];
  const app = fastify();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.post(PATH, async (request, reply) => {
    const body = request.body as Buffer;
    const expected = Buffer.from(
      `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    );
    const given = Buffer.from(String(request.headers['x-sendemall-signature'] ?? ''));
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      return reply.code(401).send({ error: 'Invalid signature' });
    }
    processed.push((JSON.parse(body.toString()) as { id: string }).id);
    return { received: true };
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return running(app.server, processed);
};
