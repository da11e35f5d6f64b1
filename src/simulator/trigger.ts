/**
 * Completes a trigger request to valid events: generates missing data and validates it.
 *
 * @module
 */
import * as z from 'zod';
import { LIMITS } from '../../schemas/contract.ts';
import { EVENT_DATA_SCHEMAS } from '../../schemas/events.ts';
import type { TriggerRequest } from '../../schemas/sandbox.ts';
import { nextTurn } from '../domain/event-loop.ts';
import { validationFailed } from '../domain/problems.ts';
import { parseTime } from '../domain/time.ts';
import { parse } from '../domain/validate.ts';
import type { EventToPublish } from '../engine/event-source.ts';
import { isObject, makeEventData, type Data } from './event-data.ts';
import type { Generator } from './generator.ts';

export interface PreparedEvents {
  readonly events: readonly EventToPublish[];
  /** A hint for the caller, e.g. about unknown fields; null for no hint. */
  readonly notice: string | null;
}

/** Fields that the contract does not define. They are sent, with a notice, because they may be typos. */
const unknownFields = (schema: unknown, given: Data, path: string): string[] =>
  schema instanceof z.ZodObject
    ? Object.entries(given).flatMap(([key, value]) => {
        const at = `${path}.${key}`;
        if (value === null) return [];
        if (!Object.hasOwn(schema.shape, key)) return [`"${at}"`];
        return isObject(value) ? unknownFields(schema.shape[key], value, at) : [];
      })
    : [];

/** The given data in the order of the schema, if it has every field, so that nothing has to be generated; else null. */
const completeData = (schema: unknown, given: Data): Data | null => {
  if (!(schema instanceof z.ZodObject)) return null;
  const data: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(schema.shape)) {
    const value = Object.hasOwn(given, key) ? given[key] : null;
    if (value === null) return null;
    const nested = isObject(value) ? completeData(field, value) : value;
    if (nested === null) return null;
    data[key] = nested;
  }
  for (const [key, value] of Object.entries(given)) {
    if (Object.hasOwn(schema.shape, key)) continue;
    // An unknown field is sent unchanged, but null removes one, at every depth.
    if (value === null || isObject(value) || key === '__proto__') return null;
    data[key] = value;
  }
  return data;
};

/** Yield to the event loop after this many events, or this many bytes of the given data. */
const MAX_EVENTS_PER_SLICE = 16;
const MAX_BYTES_PER_SLICE = 262_144;

/**
 * The limit is far above that of a request's body, so that one event cannot exceed it.
 *
 * @returns the size of the given data in bytes, 0 for one event
 * @throws {Problem} if it exceeds the limit per request
 */
const checkSize = (given: Data, count: number): number => {
  if (count === 1) return 0;
  const size = Buffer.byteLength(JSON.stringify(given));
  const limit = LIMITS.maxTriggerDataBytes;
  if (size * count <= limit) return size;
  throw validationFailed(
    `"data" has ${size} bytes and "count" is ${count}: ${size * count} bytes in all exceed the limit of ${limit} per request. Lower "count" to ${Math.floor(limit / size)}, or send less "data".`,
  );
};

/**
 * Generate and validate `request.count` events at the virtual time `now`. Yields to the event loop for large requests.
 *
 * @param generatorOf called only if data is missing
 * @throws {Problem} `VALIDATION_FAILED` if the given data does not fit the event, naming field, value and remedy
 */
export const completeEvents = async (
  generatorOf: () => Promise<Generator>,
  request: TriggerRequest,
  now: number,
): Promise<PreparedEvents> => {
  const { event, data: given = {}, count = 1, id, timestamp, webhook_id: webhookId } = request;
  if (id !== undefined && count > 1) {
    throw validationFailed(
      `"id" is given and "count" is ${count}: an id identifies one event. Omit one of them.`,
    );
  }
  const size = checkSize(given, count);
  const perSlice = Math.max(
    1,
    Math.min(MAX_EVENTS_PER_SLICE, Math.floor(MAX_BYTES_PER_SLICE / size)),
  );
  const at = timestamp === undefined ? now : (parseTime(timestamp) ?? now);
  const complete = completeData(EVENT_DATA_SCHEMAS[event], given);
  let generator: Generator | null = null;
  const events: EventToPublish[] = [];
  while (events.length < count) {
    const data = complete ?? makeEventData((generator ??= await generatorOf()), event, at, given);
    parse(EVENT_DATA_SCHEMAS[event], data, { at: ['data'], what: '"data"' });
    events.push({ event, data, id, timestamp, webhookId });
    if (events.length % perSlice === 0 && events.length < count) await nextTurn();
  }
  const unknown = unknownFields(EVENT_DATA_SCHEMAS[event], given, 'data');
  const notice =
    unknown.length === 0
      ? null
      : `Unknown field${unknown.length === 1 ? '' : 's'} in ${event}: ${unknown.join(', ')}. Sent unchanged; check the spelling.`;
  return { events, notice };
};
