/**
 * Serves the route handlers of the Next.js template as Next.js calls them: web requests in, web responses out.
 *
 * @module
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const load = (path) => import(pathToFileURL(join(process.cwd(), path)).href);

const { POST } = await load('app/webhooks/sendemall/route.js');
const { GET } = await load('app/test/effects/[id]/route.js');

const app = new Hono();
app.post('/webhooks/sendemall', ({ req }) => POST(req.raw));
app.get('/test/effects/:id', ({ req }) => GET(req.raw, { params: Promise.resolve(req.param()) }));
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' });
