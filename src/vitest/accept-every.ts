/**
 * Checks whether a user's schema accepts every event that the contract allows, and where it is stricter.
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

/** The part of https://standardschema.dev that is needed here. */
interface StandardSchema {
  readonly '~standard': {
    readonly vendor: string;
    validate(value: unknown): unknown;
  };
}

const REMEDY = 'Pass a zod schema (3 or 4) or any other Standard Schema.';

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

/** Validate a value. @returns issues; empty if the schema accepts it */
const validate = async (schema: unknown, value: unknown): Promise<readonly Issue[]> => {
  if (isStandard(schema)) {
    const result = (await schema['~standard'].validate(value)) as {
      issues?: readonly { path?: unknown; message?: unknown }[];
    };
    return issuesIn(result.issues ?? []);
  }
  const { safeParse } = (schema ?? {}) as { safeParse?: unknown };
  if (typeof safeParse !== 'function') {
    throw new MatcherError(`toAcceptEvery() requires a schema. ${REMEDY}`);
  }
  // zod before 3.24 does not implement Standard Schema.
  const result = (schema as { safeParse(value: unknown): unknown }).safeParse(value) as {
    success: boolean;
    error?: { issues: readonly { path?: unknown; message?: unknown }[] };
  };
  return result.success ? [] : issuesIn(result.error?.issues ?? [{ message: 'rejected' }]);
};

/** The user's schema as JSON Schema, to quote the clause; null if it cannot be converted. */
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
    // A schema with a transform or a cycle: fall back to its own message.
  }
  return null;
};

interface Node {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly additionalProperties?: unknown;
}

/** The clause at a path, or an `additionalProperties: false` above it; null without either. */
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

const describeRejection = (
  { what, path }: LegalEvent,
  issues: readonly Issue[],
  json: unknown,
): string => {
  const [first] = issues;
  const at = first?.path === undefined || first.path === '' ? (path ?? '') : first.path;
  const clause = clauseAt(json, at) ?? (path === null ? null : clauseAt(json, path));
  const message = first?.message ?? 'rejected';
  return `${what}: ${at === '' ? '' : `${at}: `}${message}${clause === null ? '' : ` (your schema: ${clause})`}`;
};

/** Maximum number of lines: one clause often causes many rejections. */
const MAX_LINES = 12;

/**
 * Validate all legal events of a type.
 *
 * @returns a line for each legal event that the schema rejects; empty if it accepts all
 * @throws {MatcherError} if `schema` is not a schema, or `type` is unknown
 */
export const findRejections = async (
  schema: unknown,
  type: EventType,
): Promise<readonly string[]> => {
  if (!EVENT_TYPES.includes(type)) {
    throw new MatcherError(
      `toAcceptEvery("${type}"): unknown event. Known events: ${EVENT_TYPES.join(', ')}.`,
    );
  }
  const rejections: { readonly legal: LegalEvent; readonly issues: readonly Issue[] }[] = [];
  for (const legal of legalEvents(type)) {
    const issues = await validate(schema, structuredClone(legal.event));
    if (issues.length > 0) rejections.push({ legal, issues });
  }
  if (rejections.length === 0) return [];
  const json = await toJsonSchema(schema);
  const lines = [
    ...new Set(rejections.map(({ legal, issues }) => describeRejection(legal, issues, json))),
  ];
  const more = lines.length - MAX_LINES;
  return more > 0 ? [...lines.slice(0, MAX_LINES), `… and ${more} more`] : lines;
};
