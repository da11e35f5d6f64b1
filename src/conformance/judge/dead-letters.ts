/**
 * Dead letters in a sandbox, for the receiver's recovery.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import { createClient, type Client } from '../../client/create-client.ts';
import type { DeadLetterSource, RunningSandbox } from '../hooks/hooks.ts';
import { HookError } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';

/** Nothing listens there, so that every attempt fails immediately. */
const UNREACHABLE_URL = 'http://127.0.0.1:1/unreachable';
/** Time limit for producing them. */
const TIMEOUT_MS = 30_000;

/** More than the default page size of the API, which is 50. */
export const MORE_THAN_A_PAGE = 53;

export interface DeadLetters extends AsyncDisposable {
  /** Where the receiver's recovery finds them. */
  readonly source: DeadLetterSource;
  /** The events and their original bodies. */
  readonly bodies: readonly { readonly id: string; readonly body: string }[];
  /** Ids of the events that have not been acknowledged. */
  left(): Promise<readonly string[]>;
}

/** Produce dead letters from events of the suite: generated events of a sandbox differ from run to run. */
const produce = async (
  client: Client,
  count: number,
  probe: Probe,
  signal: AbortSignal,
): Promise<{ webhookId: string; bodies: DeadLetters['bodies'] }> => {
  const { id: webhookId } = await client.webhooks.create(
    { url: UNREACHABLE_URL, events: ['*'], secret: 'whsec_for-dead-letters-only' },
    { signal },
  );
  const bodies: { id: string; body: string }[] = [];
  for (let made = 0; made < count; made += 1) {
    // Pass the time as well: the account's clock may be ahead, because earlier dead letters advanced it.
    const { event, id, timestamp, data } = probe.event();
    const request = { event: event as EventType, id, timestamp, data, webhook_id: webhookId };
    const { events } = await client.events.trigger(request, { signal });
    for (const event of events) bodies.push({ id: event.id, body: JSON.stringify(event) });
  }
  await client.clock.advance({ until: 'settled' }, { signal });
  return { webhookId, bodies };
};

const startSandbox = async ({ sandbox }: Probe): Promise<RunningSandbox> => {
  if (sandbox !== undefined) return sandbox();
  throw new HookError('A check that uses dead letters must list "recovery" in "needs".');
};

/** @throws {HookError} if the sandbox fails, which is not a failure of the receiver */
export const produceDeadLetters = async (probe: Probe, count: number): Promise<DeadLetters> => {
  const sandbox = await startSandbox(probe);
  const late = new AbortController();
  const disarm = probe.wall.after(TIMEOUT_MS, () =>
    late.abort(
      new HookError(`The sandbox produced no dead letters within ${TIMEOUT_MS / 1000} s.`),
    ),
  );
  const signals = probe.signal === undefined ? [late.signal] : [late.signal, probe.signal];
  try {
    const client = createClient({ baseUrl: sandbox.url, apiKey: sandbox.apiKey });
    const { webhookId, bodies } = await produce(client, count, probe, AbortSignal.any(signals));
    const left = async (): Promise<readonly string[]> => {
      // Not through the provider's API, whose rate limit is for the receiver.
      const dead = { status: 'dead', webhook_id: webhookId, limit: 100 } as const;
      const ids = new Set<string>();
      for await (const { event_id: id } of client.deliveries.list(dead)) ids.add(id);
      return [...ids].toReversed();
    };
    const dead = await left();
    if (dead.length !== count) {
      throw new HookError(`The sandbox has ${dead.length} dead letters instead of ${count}.`);
    }
    return {
      source: { apiUrl: sandbox.url, apiKey: sandbox.apiKey, webhookId },
      bodies,
      left,
      [Symbol.asyncDispose]: async () => {
        await client.webhooks.delete(webhookId).catch(() => undefined);
        await sandbox[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    throw error;
  } finally {
    disarm();
  }
};

/** Run the receiver's recovery once. @throws {HookError} if it fails */
export const recover = async ({ hooks }: Probe, { source }: DeadLetters): Promise<void> => {
  if (hooks.recover === undefined) {
    throw new HookError('A check that uses the recovery hook must list it in "needs".');
  }
  await hooks.recover(source);
};
