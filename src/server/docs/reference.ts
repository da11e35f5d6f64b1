/**
 * References of the provider's API, the sandbox API and the events, made from the specs.
 *
 * @module
 */
import { html } from 'hono/html';
import { DELIVERY_POLICY, EVENT_TYPES, SIGNATURE } from '../../../schemas/contract.ts';
import { EVENT_EXAMPLES } from '../../../schemas/examples.ts';
import { DEFAULT_API_KEY } from '../../domain/defaults.ts';
import { quoteForShell } from '../../domain/shell.ts';
import type { ReferenceName } from './layout.ts';
import {
  badge,
  prose,
  resolve,
  schemaTable,
  type Definitions,
  type Schema,
} from './schema-table.ts';
import { tryForm, type TryParameter } from './try-form.ts';

interface Media {
  readonly schema?: Schema;
  readonly examples?: Readonly<Record<string, { readonly value?: unknown }>>;
}

interface Operation extends Schema {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters?: readonly { readonly $ref?: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly $ref?: string; readonly description?: string }>
  >;
}

interface Parameter extends TryParameter {
  readonly description?: string;
}

interface Document {
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: {
    readonly schemas: Definitions;
    readonly parameters?: Readonly<Record<string, Parameter>>;
    readonly responses?: Readonly<Record<string, { readonly description?: string }>>;
  };
}

type Html = ReturnType<typeof html>;

export interface Reference {
  readonly html: Html;
  readonly headings: readonly { readonly id: string; readonly text: string }[];
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const code = (text: string, label: string): Html =>
  html`<pre tabindex="0" role="region" aria-label="${label}"><code>${text}</code></pre>`;

const jsonOf = ({ requestBody }: Operation): Media =>
  requestBody?.content['application/json'] ?? {};

const curl = (method: string, path: string, operation: Operation, host: string): string => {
  const [example] = Object.values(jsonOf(operation).examples ?? {});
  const body =
    example?.value === undefined
      ? []
      : [
          `  -H 'Content-Type: application/json'`,
          `  -d ${quoteForShell(JSON.stringify(example.value))}`,
        ];
  return [
    `curl${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} http://${host}${path}`,
    ...(/^\/(?:v1|_sandbox)\//.test(path) ? [`  -H 'x-user-context: ${DEFAULT_API_KEY}'`] : []),
    ...body,
  ].join(' \\\n');
};

const parametersOf = (
  path: string,
  operation: Operation,
  document: Document,
): readonly Parameter[] => {
  const shared = document.paths[path]?.['parameters'];
  return [...((shared as Operation['parameters']) ?? []), ...(operation.parameters ?? [])].map(
    (one) =>
      document.components.parameters?.[one.$ref?.split('/').at(-1) ?? ''] ?? (one as Parameter),
  );
};

const parameterList = (all: readonly Parameter[]): Html | '' => {
  if (all.length === 0) return '';
  return html`<ul>
    ${all.map(
      ({ name, in: place, description }) =>
        html`<li><code>${name}</code> <span class="dim">${place}</span> ${prose(description)}</li>`,
    )}
  </ul>`;
};

const responseList = ({ responses }: Operation, document: Document): Html =>
  html`<ul>
    ${Object.entries(responses).map(([status, response]) => {
      const name = response.$ref?.split('/').at(-1) ?? '';
      const { description } = document.components.responses?.[name] ?? response;
      return html`<li><code>${status}</code> ${prose(description)}</li>`;
    })}
  </ul>`;

const operationSection = (
  method: string,
  path: string,
  operation: Operation,
  document: Document,
  host: string,
): Html => {
  const { schema, examples = {} } = jsonOf(operation);
  const parameters = parametersOf(path, operation, document);
  const body = Object.values(examples)[0]?.value;
  return html`<section class="operation" id="${operation.operationId}">
    <h3>${operation.summary} ${badge(operation)}</h3>
    <p class="mono"><b>${method.toUpperCase()}</b> ${path}</p>
    <p>${prose(operation.description)}</p>
    ${parameterList(parameters)}
    ${schema === undefined ? '' : schemaTable(operation.operationId, schema, document.components.schemas)}
    ${code(curl(method, path, operation, host), `Request: ${operation.summary}`)}
    ${tryForm({ ...operation, method, path, parameters, body })}
    ${responseList(operation, document)}
  </section>`;
};

const apiReference = (document: Document, title: string, host: string): Reference => {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method) => ({
      method,
      path,
      operation: item[method] as Operation,
    })),
  );
  const tags = document.tags.filter(({ name }) =>
    operations.some(({ operation }) => operation.tags[0] === name),
  );
  return {
    headings: tags.map(({ name }) => ({ id: `tag-${name}`, text: name })),
    html: html`<h1>${title}</h1>
      ${tags.map(
        ({ name, description }) =>
          html`<h2 id="tag-${name}">${name}</h2>
            <p>${prose(description)}</p>
            ${operations
              .filter(({ operation }) => operation.tags[0] === name)
              .map(({ method, path, operation }) =>
                operationSection(method, path, operation, document, host),
              )}`,
      )}`,
  };
};

const ladder = (): Html => {
  const waits = DELIVERY_POLICY.retryDelaysMs.map((ms) =>
    ms < 60_000 ? `+${ms / 1000} s` : `+${ms / 60_000} min`,
  );
  return html`<ol class="ladder" aria-label="Retries">
    ${['first attempt', ...waits].map(
      (text, index) =>
        html`<li class="rung failed">
          ${index === 0 ? '' : html`<span class="wait folded"><span>${text}</span></span>`}
          <div class="node"><i class="dot failed"></i><b>Attempt ${index + 1}</b></div>
        </li>`,
    )}
    <li class="rung">
      <div class="node"><i class="dot spare"></i><b>Dead letter</b></div>
    </li>
  </ol>`;
};

const eventReference = (document: { components: { schemas: Definitions } }): Reference => {
  const { schemas } = document.components;
  const definitionOf = (event: string): Schema =>
    Object.values(schemas).find(({ properties }) => {
      const one = resolve(properties?.['event'] ?? {}, schemas);
      return one.const === event || one.enum?.includes(event) === true;
    }) ?? {};
  const { header, prefix, encoding, algorithm } = SIGNATURE;
  return {
    headings: [
      { id: 'signature', text: 'Signature' },
      { id: 'retries', text: 'Retries' },
      ...EVENT_TYPES.map((event) => ({ id: event, text: event })),
    ],
    html: html`<h1>Events</h1>
      <h2 id="signature">Signature</h2>
      <p>Every request is signed over the exact bytes of its body, with the webhook’s secret.</p>
      ${code(`${header}: ${prefix}${encoding}(HMAC-${algorithm.toUpperCase()}(secret, body))`, 'Signature')}
      <h2 id="retries">Retries</h2>
      <p>
        A receiver has ${DELIVERY_POLICY.timeoutMs / 1000} seconds to answer
        ${DELIVERY_POLICY.successFrom}–${DELIVERY_POLICY.successTo}. Anything else is a failure.
      </p>
      ${ladder()}
      ${EVENT_TYPES.map((event) => {
        const schema = definitionOf(event);
        return html`<section class="operation">
          <h2 id="${event}">${event} ${badge(schema)}</h2>
          <p>${prose(schema.description)}</p>
          ${schemaTable(event, schema, schemas)}
          ${code(JSON.stringify(EVENT_EXAMPLES[event][0], null, 2), `Example of ${event}`)}
        </section>`;
      })}`,
  };
};

/**
 * @param read reads a file of the package
 * @param host of this sandbox, for requests that work when pasted
 */
export const renderReference = async (
  name: ReferenceName,
  read: (path: string) => Promise<string>,
  host: string,
): Promise<Reference> => {
  if (name === 'events') {
    return eventReference(
      JSON.parse(await read('schemas/json/asyncapi.json')) as Parameters<typeof eventReference>[0],
    );
  }
  const file = name === 'control' ? 'openapi' : 'sandbox.openapi';
  const title = name === 'control' ? 'The provider’s API' : 'The sandbox API';
  const document = JSON.parse(await read(`schemas/json/${file}.json`)) as Document;
  return apiReference(document, title, host);
};
