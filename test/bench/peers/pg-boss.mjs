/** pg-boss on PostgreSQL. @module */
import PgBoss from 'pg-boss';
import { ATTEMPTS, CONCURRENCY, deliver, listen } from './app.mjs';

const boss = new PgBoss({ connectionString: process.env.DATABASE, max: 20 });
boss.on('error', (error) => console.error(error));
await boss.start();
await boss.createQueue('deliver');
/** It fetches at most one batch per interval and worker: the shortest interval, and a batch that is sent side by side. */
await boss.work('deliver', { batchSize: 2 * CONCURRENCY, pollingIntervalSeconds: 0.5 }, (jobs) =>
  Promise.all(jobs.map(({ data }) => deliver(data))),
);
listen((event) =>
  boss.send('deliver', event, { retryLimit: ATTEMPTS - 1, retryDelay: 30, retryBackoff: true }),
);
