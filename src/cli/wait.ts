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

/** Interval at which new attempts are printed, in real milliseconds. */
const POLL_MS = 500;

/** Delay before the notice, in real milliseconds. */
const NOTICE_AFTER_MS = 2000;

/** Above this many, only totals are printed. */
const MAX_SHOWN = 20;

export interface WaitHow {
  readonly json: boolean;
  /** Reach of the sandbox, for the command in the notice. */
  readonly reach: Reach;
}

const printNotice = async (
  client: Client,
  { id, attempts_made: made, next_attempt_at: next }: DeliveryDetail,
  terminal: Terminal,
  reach: Reach,
): Promise<void> => {
  const { mode } = await client.clock.get({ signal: terminal.signal });
  const skip = commandLine(['clock', 'advance', '--until', 'settled'], reach, terminal.env);
  terminal.note(
    `Waiting for ${id}: attempts made: ${made}, next attempt: ${next ?? 'in flight'}, clock: ${mode}. To skip the wait, run ${quoted(skip)}.`,
  );
};

/**
 * Wait for one delivery.
 *
 * @param onProgress called with its attempts so far, now and then
 * @param onLong called once if it takes long
 */
const waitForOne = async (
  client: Client,
  id: string,
  signal: AbortSignal,
  onProgress: (delivery: DeliveryDetail) => void,
  onLong: (delivery: DeliveryDetail) => Promise<void>,
): Promise<DeliveryDetail> => {
  for (let waitedMs = POLL_MS; ; waitedMs += POLL_MS) {
    const { reached, delivery } = await client.deliveries.wait(id, { timeoutMs: POLL_MS, signal });
    onProgress(delivery);
    if (reached) return delivery;
    if (waitedMs === NOTICE_AFTER_MS) await onLong(delivery);
  }
};

/** Wait for deliveries and print their attempts as they are made. Fails the command if one is not delivered. */
export const waitForAll = async (
  client: Client,
  ids: readonly string[],
  terminal: Terminal,
  { json, reach }: WaitHow,
): Promise<readonly DeliveryDetail[]> => {
  const details: DeliveryDetail[] = [];
  const printer = createAttemptPrinter(terminal);
  const isShown = !json && ids.length <= MAX_SHOWN;
  for (const [at, id] of ids.entries()) {
    let shown = 0;
    const show = (delivery: DeliveryDetail): void => {
      if (!isShown) {
        terminal.status(`${at} of ${ids.length} settled`);
        return;
      }
      for (const line of attemptLines(delivery, terminal, reach, printer, shown)) {
        terminal.print(line);
      }
      shown = delivery.attempts.length;
    };
    const explain = async (delivery: DeliveryDetail): Promise<void> => {
      if (at === 0) await printNotice(client, delivery, terminal, reach);
    };
    details.push(await waitForOne(client, id, terminal.signal, show, explain));
  }
  const delivered = details.filter(({ status }) => status === 'delivered').length;
  if (delivered < ids.length) terminal.fail();
  if (!json) terminal.print(`${delivered} of ${ids.length} delivered.`);
  return details;
};
