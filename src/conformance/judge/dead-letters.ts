/**
 * Dead letters in a sandbox, for the receiver's recovery to find.
 *
 * @module
 */
import { createClient, type Client } from '../../client/create-client.ts';
import type { DeadLetterSource, RunningSandbox } from '../hooks/hooks.ts';
import { HookError } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';

/** Nobody listens there, so that every attempt fails at once. */
const NOBODY = 'http://127.0.0.1:1/nobody-listens-here';
/** Producing them may take so long. Milliseconds. */
const LIMIT_MS = 30_000;

/** More than a page of the API holds by itself, which is 50. */
export const MORE_THAN_A_PAGE = 53;

export interface DeadLetters extends AsyncDisposable {
  /** What the receiver's recovery is told. */
  readonly source: DeadLetterSource;
  /** The events as they were to be delivered. */
  readonly bodies: readonly { readonly id: string; readonly body: string }[];
  /** Ids of those that nobody has acknowledged. */
  left(): Promise<readonly string[]>;
}

/** The events are the suite's own: what a sandbox makes up by itself differs from run to run. */
const produce = async (
  client: Client,
  count: number,
  probe: Probe,
  signal: AbortSignal,
): Promise<{ webhookId: string; bodies: DeadLetters['bodies'] }> => {
  const { id: webhookId } = await client.webhooks.create(
    { url: NOBODY, events: ['*'], secret: 'whsec_for-dead-letters-only' },
    { signal },
  );
  const bodies: { id: string; body: string }[] = [];
  for (let made = 0; made < count; made += 1) {
    // The account's clock may be ahead: it was advanced for the dead letters before these. So the time is given, too.
    const { id, timestamp, data } = probe.event('email.replied');
    const request = { event: 'email.replied', id, timestamp, data, webhook_id: webhookId } as const;
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

/** @throws when the sandbox does not do it: the suite's trouble and not the receiver's */
export const produceDeadLetters = async (probe: Probe, count: number): Promise<DeadLetters> => {
  const sandbox = await startSandbox(probe);
  const late = new AbortController();
  const disarm = probe.wall.after(LIMIT_MS, () =>
    late.abort(new HookError(`The sandbox produced no dead letters within ${LIMIT_MS / 1000} s.`)),
  );
  const signals = probe.signal === undefined ? [late.signal] : [late.signal, probe.signal];
  try {
    const client = createClient({ baseUrl: sandbox.url, apiKey: sandbox.apiKey });
    const { webhookId, bodies } = await produce(client, count, probe, AbortSignal.any(signals));
    const left = async (): Promise<readonly string[]> => {
      // Not by the provider's API: its limit is for the receiver to use.
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

/** Runs the receiver's recovery. */
export const recover = async ({ hooks }: Probe, { source }: DeadLetters): Promise<void> => {
  if (hooks.recover === undefined) {
    throw new HookError('A check that uses the recovery hook must list it in "needs".');
  }
  await hooks.recover(source);
};
