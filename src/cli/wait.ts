/**
 * Waits until deliveries have settled, with a notice if it takes long.
 *
 * @module
 */
import type { Client } from '../client/create-client.ts';
import type { DeliveryDetail } from '../../schemas/sandbox.ts';
import { commandLine, quoted, type Reach } from './output/command-line.ts';
import { createAttemptPrinter } from './output/attempts.ts';
import { attemptLines } from './output/deliveries.ts';
import type { Terminal } from './terminal.ts';

/** Delay before the notice, in real milliseconds. */
const NOTICE_AFTER_MS = 2000;

const waitForOne = async (
  client: Client,
  id: string,
  terminal: Terminal,
  reach: Reach | null,
): Promise<DeliveryDetail> => {
  const { signal } = terminal;
  const soon = await client.deliveries.wait(id, { timeoutMs: NOTICE_AFTER_MS, signal });
  if (soon.reached) return soon.delivery;
  if (reach !== null) {
    const { attempts_made: made, next_attempt_at: next } = soon.delivery;
    const { mode } = await client.clock.get({ signal });
    const skip = commandLine(['clock', 'advance', '--until', 'settled'], reach, terminal.env);
    terminal.note(
      `Waiting for ${id}: attempts made: ${made}, next attempt: ${next ?? 'in flight'}, clock: ${mode}. To skip the wait, run ${quoted(skip)}.`,
    );
  }
  const { delivery } = await client.deliveries.wait(id, { timeoutMs: Infinity, signal });
  return delivery;
};

/** Above this many, only totals are printed. */
const MAX_SHOWN = 20;

/**
 * Wait for deliveries and print their attempts. Fails the command if one is not delivered.
 *
 * @param reach of the sandbox, for the command in the notice
 */
export const waitForAll = async (
  client: Client,
  ids: readonly string[],
  terminal: Terminal,
  { json, reach }: { readonly json: boolean; readonly reach: Reach },
): Promise<readonly DeliveryDetail[]> => {
  const details: DeliveryDetail[] = [];
  const printer = createAttemptPrinter(terminal);
  for (const [at, id] of ids.entries()) {
    const delivery = await waitForOne(client, id, terminal, at === 0 ? reach : null);
    details.push(delivery);
    if (!json && ids.length <= MAX_SHOWN) {
      for (const line of attemptLines(delivery, terminal, reach, printer)) terminal.print(line);
    }
  }
  const delivered = details.filter(({ status }) => status === 'delivered').length;
  if (delivered < ids.length) terminal.fail();
  if (!json) terminal.print(`${delivered} of ${ids.length} delivered.`);
  return details;
};
