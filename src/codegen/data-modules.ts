/**
 * The generated modules that hold plain data: examples, operations, fidelity, and the public entry.
 *
 * @module
 */
import type { EventSpec } from './asyncapi.ts';
import type { Grade } from './fidelity.ts';
import { generatedHeader } from './header.ts';
import { type Doc, type Item, group, render } from './layout.ts';
import type { Operation } from './operations.ts';
import { key, print } from './source-text.ts';

/** `EVENT_EXAMPLES`: the messages' examples by event type. */
export function printExamples({ events }: EventSpec): string {
  const items = events.map(({ type, examples }): Doc => [`${print(type)}: `, literal(examples)]);
  return `${generatedHeader('The examples of every event that `spec/asyncapi.yaml` gives.')}

import type { EventType } from './contract.ts';
import type { WebhookEvent } from './events.ts';

/** Examples by event type, the provider's own first. */
export const EVENT_EXAMPLES = ${render(group('{', items, '}'))} as const satisfies {
  readonly [Type in EventType]: readonly Extract<WebhookEvent, { event: Type }>[];
};
`;
}

/** `OPERATIONS`: what each API offers, for routers, clients and tests. */
export function printOperations(
  specs: readonly { readonly spec: string; readonly operations: readonly Operation[] }[],
): string {
  const items = specs.flatMap(({ spec, operations }) =>
    operations.map(({ operationId, method, path, query, statuses }) =>
      literal({ spec, operationId, method, path, query, statuses }),
    ),
  );
  return `${generatedHeader("Every operation of the provider's API (control) and of the sandbox API.")}

/** One operation: \`path\` has its parameters in braces, \`query\` names those in the query, \`statuses\` are all that are documented. */
export interface Operation {
  readonly spec: 'control' | 'sandbox';
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly statuses: readonly number[];
}

export const OPERATIONS = ${render(group('[', items, ']'))} as const satisfies readonly Operation[];

/** The name of an operation. */
export type OperationId = (typeof OPERATIONS)[number]['operationId'];
`;
}

/** `FIDELITY`: what is documented, and what is assumed and why. */
export function printFidelity(grades: readonly Grade[]): string {
  return `${generatedHeader('What of all this the provider documents, and what is assumed and why.')}

/** One graded thing: \`source\` says where it is documented, \`reason\` why it is assumed. */
export interface Grade {
  readonly subject: string;
  readonly fidelity: 'documented' | 'assumed';
  readonly source?: string;
  readonly reason?: string;
}

export const FIDELITY: readonly Grade[] = ${render(
    group(
      '[',
      grades.map((one) => literal(one)),
      ']',
    ),
  )};
`;
}

const EXAMPLE = `@example
\`\`\`ts
import { EVENT_TYPES, WebhookEvent } from 'sendemall-mock/schemas';

const event = WebhookEvent.parse(JSON.parse(body));
if (event.event === 'email.replied') console.log(event.data.reply_sentiment);
\`\`\``;

/**
 * The public entry: the tolerant form of what has one.
 *
 * @param strict the names that have none, by the module that they stand in
 */
export const printIndex = (
  strict: readonly (readonly [module: string, names: readonly string[]])[],
): string => `${generatedHeader('The contract as constants, zod schemas and types.', EXAMPLE)}
${['contract', 'examples', 'fidelity', 'operations', 'sandbox', 'tolerant']
  .map((name) => `export * from './${name}.ts';`)
  .join('\n')}
${strict
  .filter(([, names]) => names.length > 0)
  .map(
    ([name, names]) => `export ${render(group('{', names.toSorted(), '}'))} from './${name}.ts';`,
  )
  .join('\n')}
export type { UnknownName } from './support.ts';
`;

const STRICT_TITLE =
  'The strict form of the schemas: what the provider is known to send, and nothing else.';
const STRICT_TEXT = `For programs that check what is sent, such as a test of a mock. A receiver that parses with it loses
events as soon as the provider adds a value or a type: \`./index.ts\` has the tolerant form.`;

/** The entry with the strict form. */
export const printStrict = (): string => `${generatedHeader(STRICT_TITLE, STRICT_TEXT)}
export * from './control.ts';
export * from './events.ts';
`;

/**
 * Any JSON value as source.
 *
 * @param lines how many levels of objects always take a line for each member
 */
export function literal(value: unknown, lines = 0): Doc {
  if (Array.isArray(value))
    return group(
      '[',
      value.map((item) => literal(item)),
      ']',
    );
  if (typeof value !== 'object' || value === null) return print(value);
  const items = Object.entries(value).map(([name, member]): Item => {
    const doc: Doc = [`${key(name)}: `, literal(member, lines - 1)];
    return lines > 0 ? { doc, comment: [] } : { doc };
  });
  return group('{', items, '}');
}
