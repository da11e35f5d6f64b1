/**
 * What a trigger asks for, made complete and checked: the events to publish.
 *
 * @module
 */
import * as z from 'zod';
import { LIMITS } from '../../schemas/contract.ts';
import { EVENT_DATA_SCHEMAS } from '../../schemas/events.ts';
import type { TriggerRequest } from '../../schemas/sandbox.ts';
import { validationFailed } from '../domain/problems.ts';
import { parseTime } from '../domain/time.ts';
import { parse } from '../domain/validate.ts';
import type { AccountEngine, EventToPublish } from '../engine/engine.ts';
import { isObject, makeEventData, type Data } from './event-data.ts';
import { createGenerator, type Generator } from './generator.ts';

export interface PreparedEvents {
  readonly events: readonly EventToPublish[];
  /** What the caller should know; null when there is nothing. */
  readonly notice: string | null;
}

/** Each account draws from a stream of its own, so that others do not disturb what its seed gives. */
const generators = new WeakMap<object, Promise<Generator>>();

const generatorOf = ({ account }: AccountEngine): Promise<Generator> => {
  const known = generators.get(account);
  if (known !== undefined) return known;
  const made = createGenerator(account);
  generators.set(account, made);
  // A failed load is not remembered: the next request tries again.
  made.catch(() => generators.delete(account));
  return made;
};

/** Fields that the contract does not name: sent as given, but told, because they may be typos. */
const unknownFields = (schema: unknown, given: Data, path: string): string[] =>
  schema instanceof z.ZodObject
    ? Object.entries(given).flatMap(([key, value]) => {
        const at = `${path}.${key}`;
        if (value === null) return [];
        if (!Object.hasOwn(schema.shape, key)) return [`"${at}"`];
        return isObject(value) ? unknownFields(schema.shape[key], value, at) : [];
      })
    : [];

/** Yield to the event loop after this many events, or this much of the given data. */
const EVENTS_IN_A_ROW = 16;
const SIZE_IN_A_ROW = 262_144;

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** @returns the size of the given data. @throws {Problem} when it is too much in all */
const checkSize = (given: Data, count: number): number => {
  const size = Buffer.byteLength(JSON.stringify(given));
  const limit = LIMITS.maxTriggerDataBytes;
  if (size * count <= limit) return size;
  throw validationFailed(
    `"data" has ${size} bytes and "count" is ${count}: that is ${size * count} bytes, at most ${limit} are made by one request. Lower "count" to ${Math.floor(limit / size)}, or send less "data".`,
  );
};

/**
 * Data for `request.count` events at the time `now`. Yields to the event loop now and then.
 *
 * @throws {Problem} `VALIDATION_FAILED` when the given data does not fit the event, naming field, value and remedy
 */
export const completeEvents = async (
  generator: Generator,
  request: TriggerRequest,
  now: number,
): Promise<PreparedEvents> => {
  const { event, data: given = {}, count = 1, id, timestamp, webhook_id: webhookId } = request;
  if (id !== undefined && count > 1) {
    throw validationFailed(
      `"id" is given and "count" is ${count}: only one event can have it. Leave one of them out.`,
    );
  }
  const size = checkSize(given, count);
  const inARow = Math.max(1, Math.min(EVENTS_IN_A_ROW, Math.floor(SIZE_IN_A_ROW / size)));
  const at = timestamp === undefined ? now : (parseTime(timestamp) ?? now);
  const events: EventToPublish[] = [];
  while (events.length < count) {
    const data = makeEventData(generator, event, at, given);
    parse(EVENT_DATA_SCHEMAS[event], data, { at: ['data'], what: '"data"' });
    events.push({ event, data, id, timestamp, webhookId });
    if (events.length % inARow === 0 && events.length < count) await nextTurn();
  }
  const unknown = unknownFields(EVENT_DATA_SCHEMAS[event], given, 'data');
  const notice =
    unknown.length === 0
      ? null
      : `The contract does not name ${unknown.join(', ')} for ${event}: sent as given.`;
  return { events, notice };
};

export const prepareEvents = async (
  account: AccountEngine,
  request: TriggerRequest,
): Promise<PreparedEvents> => completeEvents(await generatorOf(account), request, account.now());
