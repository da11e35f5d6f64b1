/**
 * Effects of an event as a sink of a sandbox saw them: nothing need be built into the receiver but the address of its
 * CRM, and the event's id in what it sends there.
 *
 * @module
 */
import { ApiError } from '../../client/api-error.ts';
import { createClient } from '../../client/create-client.ts';
import { OptionsError } from '../options.ts';
import { HookError, type Hooks } from './hooks.ts';

export interface EffectsSink {
  readonly sandboxUrl: string;
  readonly apiKey: string;
  /** The sink's. */
  readonly name: string;
}

/** The id itself, not the beginning of a longer one. */
const names = (body: string, id: string): boolean =>
  body.split(id).some((rest, at) => at > 0 && !/^[\w-]/.test(rest));

/**
 * Counts the requests that hold the event's id in their body and that the sink took (answered with 2xx).
 *
 * @throws {OptionsError} for a name that no sink has
 */
export const sinkEffects = (
  { sandboxUrl, apiKey, name }: EffectsSink,
  signal: AbortSignal | undefined,
): NonNullable<Hooks['effects']> => {
  if (!/^[a-z0-9-]{1,64}$/.test(name)) {
    throw new OptionsError(`--effects-sink is "${name}". Use 1 to 64 of a-z, 0-9 and "-".`);
  }
  const { sinks } = createClient({ baseUrl: sandboxUrl, apiKey });
  return async (eventId) => {
    let count = 0;
    try {
      const filter = { contains: eventId, limit: 100, signal };
      for await (const { body, answered } of sinks.requests(name, filter)) {
        if (answered >= 200 && answered < 300 && names(body, eventId)) count += 1;
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new HookError(`The effects hook, the sink "${name}", cannot be read. ${error.message}`);
    }
    return count;
  };
};
