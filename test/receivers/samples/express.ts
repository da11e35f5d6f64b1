/**
 * The guide's own Express sample, its text as it stands there: `timingSafeEqual` throws on a missing or shorter
 * signature, so Express answers 500 where 401 is due.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import { kill, open, PATH, type RunningReceiver } from '../receiver.ts';

const file = new URL('../../fixtures/guide/express-sample.txt', import.meta.url);

/** The sample's secret is in its text. */
export const start = async (): Promise<RunningReceiver> => {
  const processed: string[] = [];
  const sample = compileFunction(`${readFileSync(file, 'utf8')}\nreturn app;`, [
    'require',
    'processEvent',
  ]);
  const app = sample(createRequire(import.meta.url), ({ id }: { id: string }) =>
    processed.push(id),
  ) as RequestListener;
  const server = createServer(app);
  const port = await open(server);
  return {
    url: `http://127.0.0.1:${port}${PATH}`,
    hooks: { effects: async (id) => processed.filter((one) => one === id).length },
    processed: async () => processed,
    [Symbol.asyncDispose]: () => kill(server),
  };
};
