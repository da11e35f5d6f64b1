/**
 * Waits until deliveries have settled, telling what is being waited for.
 *
 * @module
 */
import type { Client } from '../client/create-client.ts';
import type { DeliveryDetail } from '../../schemas/sandbox.ts';
import { commandLine, quoted, type Reach } from './output/command-line.ts';
import { attemptLines } from './output/deliveries.ts';
import type { Terminal } from './terminal.ts';

/** After this long, say what takes so long. */
const PATIENCE_MS = 2000;

const waitForOne = async (
  client: Client,
  id: string,
  terminal: Terminal,
  reach: Reach | null,
): Promise<DeliveryDetail> => {
  const { signal } = terminal;
  const soon = await client.deliveries.wait(id, { timeoutMs: PATIENCE_MS, signal });
  if (soon.reached) return soon.delivery;
  if (reach !== null) {
    const { attempts_made: made, next_attempt_at: next } = soon.delivery;
    const { mode } = await client.clock.get({ signal });
    const skip = commandLine(['clock', 'advance', '--until', 'settled'], reach, terminal.env);
    terminal.note(
      `Waiting for ${id}: ${made} attempts made, the next at ${next ?? 'the end of the one in flight'} on a ${mode} clock. To skip the wait: ${quoted(skip)}`,
    );
  }
  const { delivery } = await client.deliveries.wait(id, { timeoutMs: Infinity, signal });
  return delivery;
};

/** More than this many are counted, not shown one by one. */
const MAX_SHOWN = 20;

/** Prints how each delivery went; fails the command when one was not delivered. */
export const waitForAll = async (
  client: Client,
  ids: readonly string[],
  terminal: Terminal,
  { json, reach }: { readonly json: boolean; readonly reach: Reach },
): Promise<readonly DeliveryDetail[]> => {
  const details: DeliveryDetail[] = [];
  for (const [at, id] of ids.entries()) {
    const delivery = await waitForOne(client, id, terminal, at === 0 ? reach : null);
    details.push(delivery);
    if (!json && ids.length <= MAX_SHOWN) {
      for (const line of attemptLines(delivery, terminal, reach)) terminal.print(line);
    }
  }
  const delivered = details.filter(({ status }) => status === 'delivered').length;
  if (delivered < ids.length) terminal.fail();
  if (!json) terminal.print(`${delivered} of ${ids.length} delivered.`);
  return details;
};
