/**
 * `/docs`: the guide and the references; the API descriptions and `llms.txt` as files.
 *
 * @module
 */
import { Hono } from 'hono';
import { DEFAULT_PORT } from '../../domain/defaults.ts';
import { DOC_TOPICS } from '../../domain/doc-topics.ts';
import { routeNotFound } from '../../domain/problems.ts';
import type { Ctx, Env } from '../context.ts';
import { readPackageFile } from '../../package-file.ts';
import { pagePathOf, type CheckPage } from '../../domain/check-page.ts';
import { checkLinks, checkList, checkPage, readCheckPages } from './checks.ts';
import { layOutDocument, REFERENCES, type DocumentPage, type ReferenceName } from './layout.ts';

/** No scripts at all. */
const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** As above, with one script, which sends requests to this origin. */
const SENDING_POLICY = `${POLICY}; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'`;

const FILES: Readonly<Record<string, readonly [path: string, type: string]>> = {
  '/openapi.json': ['schemas/json/openapi.json', 'application/json'],
  '/openapi.yaml': ['schemas/yaml/openapi.yaml', 'application/yaml'],
  '/sandbox.openapi.json': ['schemas/json/sandbox.openapi.json', 'application/json'],
  '/sandbox.openapi.yaml': ['schemas/yaml/sandbox.openapi.yaml', 'application/yaml'],
  '/asyncapi.json': ['schemas/json/asyncapi.json', 'application/json'],
  '/asyncapi.yaml': ['schemas/yaml/asyncapi.yaml', 'application/yaml'],
};

const isTopic = (name: string): name is keyof typeof DOC_TOPICS => Object.hasOwn(DOC_TOPICS, name);
const isReference = (name: string): name is ReferenceName => Object.hasOwn(REFERENCES, name);

const sendPage = async (c: Ctx, page: DocumentPage): Promise<Response> => {
  c.header('Content-Security-Policy', page.canSend === true ? SENDING_POLICY : POLICY);
  c.header('Referrer-Policy', 'no-referrer');
  c.header('Cache-Control', 'no-cache');
  return c.html(await layOutDocument(page));
};

const sendText = (c: Ctx, text: string, type: string): Response => {
  c.header('Content-Type', `${type}; charset=utf-8`);
  c.header('Cache-Control', 'no-cache');
  return c.body(text);
};

/** A page as HTML, or the Markdown that it is made from. */
const sendMarkdown = async (c: Ctx, path: string, text: string): Promise<Response> => {
  // Loaded late: most sandboxes never show a page.
  const { renderMarkdown } = await import('./markdown.ts');
  const ids = new Set((await readCheckPages()).map(({ id }) => id));
  const { title, html, headings } = renderMarkdown(text, ids);
  return sendPage(c, { title, path, body: html, headings });
};

const sendChecks = async (c: Ctx): Promise<Response> =>
  sendMarkdown(c, '/docs/checks', checkList(await readCheckPages()));

interface CheckPath {
  readonly topic: string;
  readonly area: string;
  readonly name: string;
}

const sendCheck = async (c: Ctx, { topic, area, name: file }: CheckPath): Promise<Response> => {
  const isFile = file.endsWith('.md');
  const id = `${area}/${isFile ? file.slice(0, -3) : file}`;
  const text = topic === 'checks' ? checkPage(id, await readCheckPages()) : null;
  if (text === null) throw routeNotFound(c.req.method, c.req.path);
  return isFile ? sendText(c, text, 'text/markdown') : sendMarkdown(c, pagePathOf(id), text);
};

const sendTopic = async (c: Ctx, topic: string): Promise<Response> => {
  // Not a route of its own: the router takes no fixed path beside a parameter.
  if (topic === 'checks') return sendChecks(c);
  const markdown = topic.endsWith('.md');
  const name = markdown ? topic.slice(0, -3) : topic;
  if (!isTopic(name)) throw routeNotFound(c.req.method, c.req.path);
  const text = await readPackageFile(`src/docs/${name}.md`);
  if (markdown) return sendText(c, text, 'text/markdown');
  return sendMarkdown(c, `/docs/${name}`, text);
};

const sendReference = async (c: Ctx, name: string): Promise<Response> => {
  if (!isReference(name)) throw routeNotFound(c.req.method, c.req.path);
  const { renderReference } = await import('./reference.ts');
  const host = c.req.header('host') ?? `localhost:${DEFAULT_PORT}`;
  const { html, headings } = await renderReference(name, readPackageFile, host);
  return sendPage(c, {
    title: REFERENCES[name],
    path: `/reference/${name}`,
    body: String(await html),
    headings,
    canSend: name !== 'events',
  });
};

/** The index for language models: https://llmstxt.org */
const llmsText = (pages: readonly CheckPage[]): string =>
  [
    '# sendemall-mock',
    '',
    '> A mock of SendEmAll’s webhooks with a virtual clock, and a conformance suite for receivers. This server is a sandbox: its API is under /v1 (the provider’s) and /_sandbox (trigger, inspect, move time).',
    '',
    '## Guide',
    '',
    ...Object.entries(DOC_TOPICS).map(
      ([topic, about]) => `- [${topic}](/docs/${topic}.md): ${about}`,
    ),
    '',
    '## Checks of the conformance suite',
    '',
    ...checkLinks(pages),
    '',
    '## API descriptions',
    '',
    '- [Provider API, OpenAPI](/openapi.json): webhooks, failed events, campaigns, leads',
    '- [Sandbox API, OpenAPI](/sandbox.openapi.json): events, deliveries, clock, faults, sinks, snapshots',
    '- [Events, AsyncAPI](/asyncapi.json): the eight events, signature, retries',
    '',
  ].join('\n');

export const documentRoutes = (): Hono<Env> => {
  const routes = new Hono<Env>()
    .get('/docs', (c) => c.redirect('/docs/sandbox'))
    .get('/docs/:topic/:area/:name', (c) => sendCheck(c, c.req.param()))
    .get('/docs/:topic', (c) => sendTopic(c, c.req.param('topic')))
    .get('/reference/:name', (c) => sendReference(c, c.req.param('name')))
    .get('/llms.txt', async (c) => sendText(c, llmsText(await readCheckPages()), 'text/plain'));
  for (const [path, [file, type]] of Object.entries(FILES)) {
    routes.get(path, async (c) => sendText(c, await readPackageFile(file), type));
  }
  return routes;
};
