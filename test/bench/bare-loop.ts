/**
 * The strongest honest baseline: undici `dispatch`, a cached HMAC key, nothing kept.
 *
 * @module
 */
import { createHmac, createSecretKey } from 'node:crypto';
import { Pool, type Dispatcher } from 'undici';

/** Sends `bodies` with `concurrency` in flight and resolves when each has been answered. */
export const bareLoop = async (
  url: string,
  bodies: readonly string[],
  concurrency: number,
): Promise<void> => {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: concurrency, pipelining: 1 });
  const key = createSecretKey(Buffer.from('whsec_your-signing-secret'));
  let next = 0;
  let done = 0;
  await new Promise<void>((resolve, reject) => {
    const send = (): void => {
      const body = bodies[next++];
      if (body === undefined) return;
      const signature = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData: () => undefined,
        onResponseEnd: () => {
          done += 1;
          if (done === bodies.length) resolve();
          else send();
        },
        onResponseError: (_controller, error) => reject(error),
      };
      pool.dispatch(
        {
          path: pathname,
          method: 'POST',
          headers: ['Content-Type', 'application/json', 'X-SendEmAll-Signature', signature],
          body,
        },
        handler,
      );
    };
    for (let started = 0; started < concurrency; started += 1) send();
  });
  await pool.destroy();
};
