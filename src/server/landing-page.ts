/**
 * `/`: a landing page with the endpoints and a first command.
 *
 * @module
 */
import { Hono } from 'hono';
import { html } from 'hono/html';
import { OPERATIONS } from '../../schemas/operations.ts';
import { DEFAULT_API_KEY, DEFAULT_PORT } from '../domain/defaults.ts';
import type { Env } from './context.ts';

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const rows = (spec: 'control' | 'sandbox') =>
  OPERATIONS.filter((operation) => operation.spec === spec).map(
    ({ method, path, operationId }) =>
      html`<tr>
        <td><code>${method}</code></td>
        <td><code>${path}</code></td>
        <td>${operationId}</td>
      </tr>`,
  );

export const landingRoutes = (): Hono<Env> =>
  new Hono<Env>().get('/', (c) => {
    c.header('Content-Security-Policy', POLICY);
    return c.html(
      html`<!doctype html>
        <html lang="en">
          <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width" />
            <title>sendemall-mock</title>
            <style>
              body {
                font:
                  16px/1.5 system-ui,
                  sans-serif;
                max-width: 60rem;
                margin: 2rem auto;
                padding: 0 1rem;
                color-scheme: light dark;
              }
              td {
                padding: 0.1rem 1rem 0.1rem 0;
              }
              pre {
                overflow: auto;
                padding: 1rem;
                border: 1px solid;
                border-radius: 0.3rem;
              }
            </style>
          </head>
          <body>
            <h1>sendemall-mock</h1>
            <p>
              A mock of SendEmAll runs here. It sends simulated events to the webhooks registered
              with it.
            </p>
            <pre>
curl -X POST http://${c.req.header('host') ?? `localhost:${DEFAULT_PORT}`}/_sandbox/events \\
  -H "Content-Type: application/json" -H "x-user-context: ${DEFAULT_API_KEY}" \\
  -d '{"event": "email.replied"}'</pre>
            <h2>The provider’s API</h2>
            <table>
              ${rows('control')}
            </table>
            <h2>The sandbox API</h2>
            <table>
              ${rows('sandbox')}
            </table>
            <p>
              API descriptions: <code>sendemall-mock spec openapi</code>, <code>spec sandbox</code>,
              <code>spec asyncapi</code>.
            </p>
          </body>
        </html>`,
    );
  });
