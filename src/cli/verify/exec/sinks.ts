/**
 * Sinks that stand in for the services which the receiver calls: they show its effects, and fail on demand.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '../../../client/create-client.ts';
import type { Hooks } from '../../../conformance/hooks/hooks.ts';
import { createSinkReader } from '../../../conformance/hooks/sink-effects.ts';

export interface SandboxAddress {
  readonly url: string;
  readonly apiKey: string;
}

export interface ReceiverSinks {
  /** URL of each sink, by environment variable. */
  readonly env: Readonly<Record<string, string>>;
  /** Undefined without sinks. */
  readonly effects: Hooks['effects'];
  /** Makes the sinks respond with 503. Undefined without sinks. */
  readonly fault: Hooks['fault'];
  /** How many requests the sinks got. */
  requests(): Promise<number>;
}

/** The service is down. */
const FAILURE = { status: 503, body: { error: 'unavailable' } };

const MEETS_WITHIN_MS = 500;
const POLL_MS = 20;

/** A name that no other run has: the sandbox may be shared. */
const nameOf = (variable: string, run: string): string =>
  `${variable.toLowerCase().replaceAll('_', '-').slice(0, 48)}-${run}`;

/**
 * Create a sink for each variable. An event may have an effect in one service and none in another, so its count is the
 * largest of all sinks.
 */
export const createReceiverSinks = async (
  variables: readonly string[],
  { url, apiKey }: SandboxAddress,
  signal: AbortSignal,
): Promise<ReceiverSinks> => {
  const { sinks } = createClient({ baseUrl: url, apiKey });
  const run = randomBytes(4).toString('hex');
  const named = await Promise.all(
    variables.map(async (variable) => {
      const name = nameOf(variable, run);
      return { variable, name, url: await sinks.url(name, { signal }) };
    }),
  );
  const readers = named.map(({ name }) =>
    createSinkReader({ sandboxUrl: url, apiKey, name }, signal),
  );
  const hasSinks = named.length > 0;
  const requests = async (): Promise<number> => {
    const totals = await Promise.all(readers.map((reader) => reader.total()));
    return totals.reduce((sum, one) => sum + one, 0);
  };
  let beforeFault = 0;
  /** A receiver that works after its response meets the failure a little later. */
  const metFault = async (): Promise<void> => {
    const until = performance.now() + MEETS_WITHIN_MS;
    while (performance.now() < until && !signal.aborted && (await requests()) === beforeFault) {
      await sleep(POLL_MS);
    }
  };
  return {
    env: Object.fromEntries(named.map((sink) => [sink.variable, sink.url])),
    effects: hasSinks
      ? async (id) => Math.max(...(await Promise.all(readers.map((reader) => reader.count(id)))))
      : undefined,
    fault: hasSinks
      ? async (failing) => {
          if (failing) beforeFault = await requests();
          else await metFault();
          // Without a signal: whatever fails must work again, also after an interruption.
          await Promise.all(named.map(({ name }) => sinks.answer(name, failing ? FAILURE : {})));
        }
      : undefined,
    requests,
  };
};
