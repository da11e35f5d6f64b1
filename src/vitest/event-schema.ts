/**
 * Validates events against the contract.
 *
 * @module
 */
import type * as z from 'zod';
import { EVENT_TYPES, type EventType } from '../../schemas/contract.ts';
import { WebhookEvent } from '../../schemas/events.ts';
import { MatcherError } from './subject.ts';

const parsed = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new MatcherError(
      `toMatchEventSchema(): invalid JSON (${(error as Error).message}). Pass an event, or its JSON text.`,
    );
  }
};

/**
 * Validate an event.
 *
 * @param value an event, or its JSON text
 * @param type expected type; any if undefined
 * @returns problems; empty if the event is valid
 * @throws {MatcherError} for an unknown type, and for invalid JSON
 */
export const problemsOf = (value: unknown, type?: EventType): readonly string[] => {
  if (type !== undefined && !EVENT_TYPES.includes(type)) {
    throw new MatcherError(
      `toMatchEventSchema("${type}"): unknown event. Known events: ${EVENT_TYPES.join(', ')}.`,
    );
  }
  const event = parsed(value);
  const found = (event as { event?: unknown } | null)?.event;
  if (type !== undefined && found !== type) {
    return [`event: is ${JSON.stringify(found) ?? 'missing'}, expected "${type}"`];
  }
  const result = WebhookEvent.safeParse(event);
  if (result.success) return [];
  return result.error.issues.map(
    (issue: z.core.$ZodIssue) =>
      `${issue.path.map(String).join('.') || '(the event)'}: ${issue.message}`,
  );
};
