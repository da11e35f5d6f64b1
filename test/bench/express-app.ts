/**
 * The Express reference receiver in a process of its own, as users run theirs, with its effects at `GET /effects/{id}` of
 * another port. Sends both URLs to the parent.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from '../receivers/reference/express.ts';
import { run } from '../receivers/reference/run.ts';
import { SECRET } from './sample.ts';

const { url, hooks } = await run(build, SECRET);
const countEffects = hooks.effects;
if (countEffects === undefined) throw new Error('the Express receiver has no effects hook');
const server = createServer((request, response) => {
  const id = decodeURIComponent((request.url ?? '').slice('/effects/'.length));
  void countEffects(id).then((count) => response.end(JSON.stringify({ count })));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
process.on('disconnect', () => process.exit());
process.send?.({ url, effectsUrl: `http://127.0.0.1:${port}/effects/{id}` });
