/**
 * Whether a schema that the user wrote takes every event that the contract allows; if not, where it is stricter.
 *
 * @module
 */
import * as z from 'zod';
import { EVENT_TYPES, type EventType } from '../../schemas/contract.ts';
import { legalEvents, type LegalEvent } from './legal-events.ts';
import { MatcherError } from './subject.ts';

interface Issue {
  readonly path: string;
  readonly message: string;
}

/** https://standardschema.dev, as far as it is needed. */
interface StandardSchema {
  readonly '~standard': {
    readonly vendor: string;
    validate(value: unknown): unknown;
  };
}

const REMEDY = 'Give a zod schema (3 or 4) or any other Standard Schema.';

const isStandard = (schema: unknown): schema is StandardSchema =>
  (typeof schema === 'object' || typeof schema === 'function') &&
  schema !== null &&
  '~standard' in schema;

const pathOf = (path: unknown): string =>
  Array.isArray(path)
    ? path
        .map((step: unknown) =>
          typeof step === 'object' && step !== null && 'key' in step
            ? String(step.key)
            : String(step),
        )
        .join('.')
    : '';

const issuesIn = (issues: readonly { path?: unknown; message?: unknown }[]): Issue[] =>
  issues.map(({ path, message }) => ({ path: pathOf(path), message: String(message) }));

/** What the schema says against a value; empty when it takes it. */
const judge = async (schema: unknown, value: unknown): Promise<readonly Issue[]> => {
  if (isStandard(schema)) {
    const result = (await schema['~standard'].validate(value)) as {
      issues?: readonly { path?: unknown; message?: unknown }[];
    };
    return issuesIn(result.issues ?? []);
  }
  const { safeParse } = (schema ?? {}) as { safeParse?: unknown };
  if (typeof safeParse !== 'function') {
    throw new MatcherError(`toAcceptEvery() judges a schema, and this is none. ${REMEDY}`);
  }
  // zod 3 before 3.24, which knew no Standard Schema.
  const result = (schema as { safeParse(value: unknown): unknown }).safeParse(value) as {
    success: boolean;
    error?: { issues: readonly { path?: unknown; message?: unknown }[] };
  };
  return result.success ? [] : issuesIn(result.error?.issues ?? [{ message: 'refused' }]);
};

/** The user's schema as JSON Schema, to quote its clause; null for what cannot be written so. */
const toJsonSchema = async (schema: unknown): Promise<unknown> => {
  if (typeof schema !== 'object' || schema === null) return null;
  try {
    if ('_zod' in schema) {
      return z.toJSONSchema(schema as unknown as z.ZodType, { unrepresentable: 'any' });
    }
    if ('_def' in schema) {
      const { zodToJsonSchema } = await import('zod-to-json-schema');
      return zodToJsonSchema(schema as never);
    }
  } catch {
    // A schema with a transform or a cycle: its own message has to do.
  }
  return null;
};

interface Node {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly additionalProperties?: unknown;
}

/** The clause at a path, or the nearest one above it that says anything. */
const clauseAt = (json: unknown, path: string): string | null => {
  let node = json as Node | null;
  for (const key of path.split('.').filter((step) => step !== '')) {
    const next = node?.properties?.[key];
    if (next === undefined) {
      return node?.additionalProperties === false ? '"additionalProperties": false' : null;
    }
    node = next as Node;
  }
  if (node === null || path === '') return null;
  const { properties: _properties, ...rest } = node as Record<string, unknown>;
  const text = JSON.stringify(rest);
  return text === '{}' ? null : text;
};

const describeDelivery = (
  { what, path }: LegalEvent,
  issues: readonly Issue[],
  json: unknown,
): string => {
  const [first] = issues;
  const at = first?.path === undefined || first.path === '' ? (path ?? '') : first.path;
  const clause = clauseAt(json, at) ?? (path === null ? null : clauseAt(json, path));
  const said = first?.message ?? 'refused';
  return `${what}: ${at === '' ? '' : `${at}: `}${said}${clause === null ? '' : ` (your schema: ${clause})`}`;
};

/** At the most so many are told; one clause is often behind many. */
const MAX_TOLD = 12;

/**
 * @returns a line for every legal event that the schema refuses; empty when it takes all
 * @throws {MatcherError} for what is no schema, and for an event type that does not exist
 */
export const acceptsEvery = async (
  schema: unknown,
  type: EventType,
): Promise<readonly string[]> => {
  if (!EVENT_TYPES.includes(type)) {
    throw new MatcherError(
      `toAcceptEvery("${type}"): there is no such event. There are: ${EVENT_TYPES.join(', ')}.`,
    );
  }
  const refusals: { readonly legal: LegalEvent; readonly issues: readonly Issue[] }[] = [];
  for (const legal of legalEvents(type)) {
    const issues = await judge(schema, structuredClone(legal.event));
    if (issues.length > 0) refusals.push({ legal, issues });
  }
  if (refusals.length === 0) return [];
  const json = await toJsonSchema(schema);
  const lines = [
    ...new Set(refusals.map(({ legal, issues }) => describeDelivery(legal, issues, json))),
  ];
  const more = lines.length - MAX_TOLD;
  return more > 0 ? [...lines.slice(0, MAX_TOLD), `… and ${more} more`] : lines;
};
