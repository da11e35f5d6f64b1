/**
 * What a trigger asks for, made complete and checked: the events to publish.
 *
 * @module
 */
import * as z from 'zod';
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

/**
 * Data for `request.count` events at the time `now`.
 *
 * @throws {Problem} `VALIDATION_FAILED` when the given data does not fit the event, naming field, value and remedy
 */
export const completeEvents = (
  generator: Generator,
  request: TriggerRequest,
  now: number,
): PreparedEvents => {
  const { event, data: given = {}, count = 1, id, timestamp, webhook_id: webhookId } = request;
  if (id !== undefined && count > 1) {
    throw validationFailed(
      `"id" is given and "count" is ${count}: only one event can have it. Leave one of them out.`,
    );
  }
  const at = timestamp === undefined ? now : (parseTime(timestamp) ?? now);
  const events = Array.from({ length: count }, (): EventToPublish => {
    const data = makeEventData(generator, event, at, given);
    parse(EVENT_DATA_SCHEMAS[event], data, { at: ['data'], what: '"data"' });
    return { event, data, id, timestamp, webhookId };
  });
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
