/**
 * `/`: the inspector's page, and `/inspector/*`: its script and style sheet.
 *
 * @module
 */
import { Hono } from 'hono';
import { routeNotFound } from '../../domain/problems.ts';
import type { Ctx, Env } from '../context.ts';
import { inspectorAssets } from './assets.ts';

/** Only files of this origin, and no text that becomes code or HTML. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
};

/** Names of the script and the style sheet contain a hash of their contents. */
const isHashed = (name: string): boolean => /-[\w-]{10}\.(?:js|css)$/.test(name);

const send = async (c: Ctx, name: string): Promise<Response> => {
  const asset = (await inspectorAssets()).get(name);
  if (asset === undefined) throw routeNotFound(c.req.method, c.req.path);
  c.header('Content-Type', TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream');
  c.header('Content-Security-Policy', POLICY);
  c.header('Referrer-Policy', 'no-referrer');
  c.header('Cross-Origin-Opener-Policy', 'same-origin');
  c.header('ETag', asset.etag);
  c.header('Cache-Control', isHashed(name) ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (c.req.header('if-none-match') === asset.etag) return c.body(null, 304);
  return c.body(asset.text);
};

export const inspectorRoutes = (): Hono<Env> =>
  new Hono<Env>()
    .get('/', (c) => send(c, 'index.html'))
    .get('/inspector/:name', (c) => send(c, c.req.param('name')));
