/**
 * Effects of an event as recorded by a sink of a sandbox. The receiver only needs a configurable CRM address, and must send
 * the event id there.
 *
 * @module
 */
import pLimit from 'p-limit';
import { ApiError } from '../../client/api-error.ts';
import { createClient } from '../../client/create-client.ts';
import type { Fetch } from '../../client/http.ts';
import { isSuccess } from '../../domain/retry-plan.ts';
import { OptionsError } from '../options.ts';
import { HookError, type Hooks } from './hooks.ts';

export interface EffectsSink {
  readonly sandboxUrl: string;
  readonly apiKey: string;
  /** Name of the sink. */
  readonly name: string;
  /** Instead of the global `fetch`, for a sandbox in this process. */
  readonly fetch?: Fetch | undefined;
}

/** Every request to a sink, also those that the sink has evicted since. */
export interface SinkReader {
  /**
   * Requests whose body contains the event id and that the sink answered with 2xx. Those with the same `Idempotency-Key`
   * are one: the service would ignore the repeats.
   */
  count(eventId: string): Promise<number>;
  /** All requests, whatever the answer. */
  total(): Promise<number>;
}

const KEY_HEADER = 'idempotency-key';

/** Bodies that a run keeps at most; a receiver under test may send anything. */
const MAX_KEPT_CHARACTERS = 67_108_864;

/** A short page, because the last one is read again by every query. */
const PAGE_ITEMS = 20;

/** Whether the body contains the id itself, not as a prefix of a longer one. */
const names = (body: string, id: string): boolean =>
  body.includes(id) && body.split(id).some((rest, at) => at > 0 && !/^[\w-]/.test(rest));

/**
 * Read a sink incrementally. A sink keeps a limited number of requests, and a run makes more.
 *
 * @throws {OptionsError} for an invalid sink name
 */
export const createSinkReader = (
  { sandboxUrl, apiKey, name, fetch }: EffectsSink,
  signal: AbortSignal | undefined,
): SinkReader => {
  if (!/^[a-z0-9-]{1,64}$/.test(name)) {
    throw new OptionsError(
      (option) =>
        `${option('effectsSink')} "${name}" is not a sink name. Use 1 to 64 characters of a-z, 0-9 and "-".`,
    );
  }
  const { sinks } = createClient({
    baseUrl: sandboxUrl,
    apiKey,
    ...(fetch === undefined ? {} : { fetch }),
  });
  const inTurn = pLimit(1);
  /** Bodies of the requests that were answered with 2xx. */
  const bodies: string[] = [];
  const keys = new Set<string>();
  let kept = 0;
  let total = 0;
  let lastOrder = 0;
  /** Where the last page begins. */
  let cursor: string | undefined;

  const readNew = async (): Promise<void> => {
    const pager = sinks.requests(name, { limit: PAGE_ITEMS, signal });
    for (;;) {
      const { items, nextCursor } = await pager.page(cursor);
      for (const { order, headers, body, answered } of items) {
        if (order <= lastOrder) continue;
        lastOrder = order;
        total += 1;
        const key = headers.find(([header]) => header?.toLowerCase() === KEY_HEADER)?.[1];
        if (!isSuccess(answered) || (key !== undefined && keys.has(key))) continue;
        kept += body.length;
        if (kept > MAX_KEPT_CHARACTERS) {
          throw new HookError(
            `The effects hook failed: the sink "${name}" has received more than ${MAX_KEPT_CHARACTERS / 1_048_576} MiB in this run. Send it less for each event.`,
          );
        }
        bodies.push(body);
        if (key !== undefined) keys.add(key);
      }
      if (nextCursor === null) return;
      cursor = nextCursor;
    }
  };
  const read = async (): Promise<void> => {
    try {
      await inTurn(readNew);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new HookError(
        `The effects hook failed: cannot read the sink "${name}". ${error.message}`,
      );
    }
  };
  return {
    count: async (eventId) => {
      await read();
      return bodies.filter((body) => names(body, eventId)).length;
    },
    total: async () => {
      await read();
      return total;
    },
  };
};

/**
 * Count the effects of an event as {@link SinkReader.count} does.
 *
 * @throws {OptionsError} for an invalid sink name
 */
export const sinkEffects = (
  sink: EffectsSink,
  signal: AbortSignal | undefined,
): NonNullable<Hooks['effects']> => createSinkReader(sink, signal).count;
