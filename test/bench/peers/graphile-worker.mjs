/** Graphile Worker on PostgreSQL. @module */
import { Logger, run } from 'graphile-worker';
import pg from 'pg';
import { ATTEMPTS, CONCURRENCY, deliver, listen } from './app.mjs';

const pgPool = new pg.Pool({ connectionString: process.env.DATABASE, max: 20 });
const runner = await run({
  pgPool,
  concurrency: CONCURRENCY,
  // Jobs are fetched and completed in batches, its fastest way.
  preset: { worker: { localQueue: { size: 128 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  logger: new Logger(() => () => undefined),
  taskList: { deliver },
});
listen((event) => runner.addJob('deliver', event, { maxAttempts: ATTEMPTS }));
