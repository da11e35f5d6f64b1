/**
 * Effects of an event as recorded by a sink of a sandbox. The receiver only needs a configurable CRM address, and must send
 * the event id there.
 *
 * @module
 */
import { ApiError } from '../../client/api-error.ts';
import { createClient } from '../../client/create-client.ts';
import { isSuccess } from '../../domain/retry-plan.ts';
import { OptionsError } from '../options.ts';
import { HookError, type Hooks } from './hooks.ts';

export interface EffectsSink {
  readonly sandboxUrl: string;
  readonly apiKey: string;
  /** Name of the sink. */
  readonly name: string;
}

/** Whether the body contains the id itself, not as a prefix of a longer one. */
const names = (body: string, id: string): boolean =>
  body.split(id).some((rest, at) => at > 0 && !/^[\w-]/.test(rest));

/**
 * Count the requests whose body contains the event id and that the sink answered with 2xx.
 *
 * @throws {OptionsError} for an invalid sink name
 */
export const sinkEffects = (
  { sandboxUrl, apiKey, name }: EffectsSink,
  signal: AbortSignal | undefined,
): NonNullable<Hooks['effects']> => {
  if (!/^[a-z0-9-]{1,64}$/.test(name)) {
    throw new OptionsError(
      (option) =>
        `${option('effectsSink')} "${name}" is not a sink name. Use 1 to 64 characters of a-z, 0-9 and "-".`,
    );
  }
  const { sinks } = createClient({ baseUrl: sandboxUrl, apiKey });
  return async (eventId) => {
    let count = 0;
    try {
      const filter = { contains: eventId, limit: 100, signal };
      for await (const { body, answered } of sinks.requests(name, filter)) {
        if (isSuccess(answered) && names(body, eventId)) count += 1;
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new HookError(
        `The effects hook failed: cannot read the sink "${name}". ${error.message}`,
      );
    }
    return count;
  };
};
