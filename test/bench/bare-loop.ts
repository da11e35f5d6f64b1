/**
 * The fastest fair baseline, in its own process: undici `dispatch`, a cached HMAC key, no storage.
 *
 * @module
 */
import { createHmac, createSecretKey } from 'node:crypto';
import { Pool, type Dispatcher } from 'undici';
import { CONCURRENCY, sampleBody, SECRET } from './sample.ts';
import { answerRounds, measure } from './support.ts';

const key = createSecretKey(Buffer.from(SECRET));

const pools = new Map<string, Pool>();

/** Keeps connections between rounds, as the engine does. */
const poolOf = (origin: string): Pool => {
  const pool = pools.get(origin) ?? new Pool(origin, { connections: CONCURRENCY, pipelining: 1 });
  pools.set(origin, pool);
  return pool;
};

/** Sends `count` bodies and resolves once all are answered. */
const bareLoop = async (url: string, count: number): Promise<void> => {
  const { origin, pathname } = new URL(url);
  const pool = poolOf(origin);
  let started = 0;
  let done = 0;
  await new Promise<void>((resolve, reject) => {
    const send = (): void => {
      if (started === count) return;
      started += 1;
      const signature = `sha256=${createHmac('sha256', key).update(sampleBody).digest('hex')}`;
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData: () => undefined,
        onResponseEnd: () => {
          done += 1;
          if (done === count) resolve();
          else send();
        },
        onResponseError: (_controller, error) => reject(error),
      };
      pool.dispatch(
        {
          path: pathname,
          method: 'POST',
          headers: ['Content-Type', 'application/json', 'X-SendEmAll-Signature', signature],
          body: sampleBody,
        },
        handler,
      );
    };
    for (let place = 0; place < CONCURRENCY; place += 1) send();
  });
};

answerRounds(({ url, count }: { url: string; count: number }) =>
  measure(count, () => bareLoop(url, count)),
);
