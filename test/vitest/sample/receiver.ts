/**
 * A receiver as a user writes it: a function from request to response.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const createReceiver = (secret: string) => {
  const effects = new Map<string, number>();
  const receive = async (request: Request): Promise<Response> => {
    const body = Buffer.from(await request.arrayBuffer());
    const expected = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    const given = Buffer.from(request.headers.get('x-sendemall-signature') ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, Buffer.from(expected))) {
      return new Response(null, { status: 401 });
    }
    let event: unknown;
    try {
      event = JSON.parse(body.toString());
    } catch {
      return new Response(null, { status: 400 });
    }
    const { id } = (event ?? {}) as { id?: unknown };
    if (typeof id === 'string' && !effects.has(id)) effects.set(id, 1);
    return new Response(null, { status: 204 });
  };
  return { receive, effects };
};
