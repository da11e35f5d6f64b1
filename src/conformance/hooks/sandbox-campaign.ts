/**
 * A campaign in a running sandbox that the receiver can pause, because it uses the sandbox as its provider.
 *
 * @module
 */
import { ApiError } from '../../client/api-error.ts';
import { createClient } from '../../client/create-client.ts';
import { HookError, type Hooks } from './hooks.ts';

export interface PausesIn {
  readonly sandboxUrl: string;
  readonly apiKey: string;
}

/** A campaign that sends nothing on its own during a check. */
const IDLE = {
  name: 'Conformance: to be paused',
  daily_limit: 1,
  timezone: 'UTC',
  schedule: { days: ['mon' as const], start_hour: 0, end_hour: 24 },
  sequences: [{ step: 1, delay_days: 365, subject: 'Nothing', body: 'Nothing' }],
};

export const sandboxCampaign = (
  { sandboxUrl, apiKey }: PausesIn,
  signal: AbortSignal | undefined,
): NonNullable<Hooks['campaign']> => {
  const { campaigns } = createClient({ baseUrl: sandboxUrl, apiKey });
  const orHookError = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new HookError(`The campaign hook failed: cannot use the sandbox. ${error.message}`);
    }
  };
  return async () => {
    const { id } = await orHookError(campaigns.create(IDLE, { signal }));
    await orHookError(
      campaigns.addLeads(id, [{ email: 'silent+1@receiver-test.example' }], { signal }),
    );
    await orHookError(campaigns.activate(id, { signal }));
    return {
      id,
      isPaused: async () => (await orHookError(campaigns.get(id, { signal }))).status === 'paused',
      [Symbol.asyncDispose]: async () => {
        await campaigns.delete(id).catch(() => undefined);
      },
    };
  };
};
