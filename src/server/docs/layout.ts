/**
 * The frame of a page of the documentation.
 *
 * @module
 */
import { html, raw } from 'hono/html';
import { DOC_TOPICS } from '../../domain/doc-topics.ts';
import { inspectorAssets } from '../inspector/assets.ts';

export interface DocumentPage {
  readonly title: string;
  /** Path of the page, to mark it in the navigation. */
  readonly path: string;
  /** Trusted: made from files of the package. */
  readonly body: string;
  /** Whether the page has forms that send requests. */
  readonly canSend?: boolean;
  readonly headings: readonly { readonly id: string; readonly text: string }[];
}

/** References made from the specs. */
export const REFERENCES = {
  control: 'The provider’s API',
  sandbox: 'The sandbox API',
  events: 'Events',
} as const;

export type ReferenceName = keyof typeof REFERENCES;

const nameOf = (topic: string): string => {
  const words = topic
    .replaceAll('-', ' ')
    .replace(/\bci\b/, 'CI')
    .replace('http api', 'HTTP API');
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
};

const link = (path: string, text: string, current: string) =>
  path === current
    ? html`<li><a href="${path}" aria-current="page">${text}</a></li>`
    : html`<li><a href="${path}">${text}</a></li>`;

const navigation = (current: string) => html`
  <nav class="doc-nav" aria-label="Documentation">
    <h2>Guide</h2>
    <ul>
      ${Object.keys(DOC_TOPICS).map((topic) => link(`/docs/${topic}`, nameOf(topic), current))}
      ${link('/docs/checks', 'Checks', current)}
    </ul>
    <h2>Reference</h2>
    <ul>
      ${Object.entries(REFERENCES).map(([name, text]) => link(`/reference/${name}`, text, current))}
    </ul>
  </nav>
`;

/** The whole page as HTML. */
export const layOutDocument = async ({ title, path, body, headings, canSend }: DocumentPage) => {
  const assets = [...(await inspectorAssets()).keys()];
  const styles = assets.filter((name) => name.endsWith('.css'));
  const script = assets.find((name) => /^reference-.*\.js$/.test(name)) ?? '';
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · sendemall-mock</title>
        ${styles.map((name) => html`<link rel="stylesheet" href="/inspector/${name}" />`)}
        ${canSend === true ? html`<script type="module" src="/inspector/${script}"></script>` : ''}
      </head>
      <body class="doc">
        <header class="top">
          <a class="brand" href="/"><span class="logo" aria-hidden="true"></span>sendemall-mock</a>
          <nav aria-label="Views">
            <a href="/#/deliveries">Deliveries</a>
            <a href="/docs" aria-current="page">Docs</a>
          </nav>
        </header>
        <div class="doc-panes">
          ${navigation(path)}
          <main class="prose">${raw(body)}</main>
          ${
            headings.length < 3
              ? ''
              : html`<nav class="doc-toc" aria-label="On this page">
                  <h2>On this page</h2>
                  <ul>
                    ${headings.map(({ id, text }) => html`<li><a href="#${id}">${text}</a></li>`)}
                  </ul>
                </nav>`
          }
        </div>
      </body>
    </html>`;
};
