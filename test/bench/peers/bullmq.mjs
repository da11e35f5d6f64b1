/** BullMQ on Redis. @module */
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { ATTEMPTS, CONCURRENCY, deliver, listen } from './app.mjs';

// A worker blocks on its connection, so each has its own.
const connect = () =>
  new Redis(Number(process.env.REDIS_PORT), '127.0.0.1', { maxRetriesPerRequest: null });
const options = { prefix: `bench-${process.pid}` };
const queue = new Queue('deliveries', {
  ...options,
  connection: connect(),
  defaultJobOptions: {
    attempts: ATTEMPTS,
    backoff: { type: 'exponential', delay: 30_000 },
    removeOnComplete: true,
  },
});
const worker = new Worker('deliveries', async ({ data }) => deliver(data), {
  ...options,
  connection: connect(),
  concurrency: CONCURRENCY,
});
worker.on('error', (error) => console.error(error));
await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
listen((event) => queue.add(event.event, event));
