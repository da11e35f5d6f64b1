/**
 * Whether something is an event as the contract has it.
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
      `toMatchEventSchema(): the text is no JSON (${(error as Error).message}).`,
    );
  }
};

/** @throws {MatcherError} for an event type that does not exist, and for text that is no JSON */
export const problemsOf = (value: unknown, type?: EventType): readonly string[] => {
  if (type !== undefined && !EVENT_TYPES.includes(type)) {
    throw new MatcherError(
      `toMatchEventSchema("${type}"): there is no such event. There are: ${EVENT_TYPES.join(', ')}.`,
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
