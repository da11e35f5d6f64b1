/**
 * Prints the attempts of an account as they are made.
 *
 * @module
 */
import { toSandboxTime } from '../../domain/time.ts';
import { attemptLine } from '../output/attempts.ts';
import { commandLine, type Reach } from '../output/command-line.ts';
import type { Terminal } from '../terminal.ts';
import type { Account } from './forward.ts';

type AccountEvent = Parameters<Parameters<Account['subscribe']>[0]>[0];
type Attempted = Extract<AccountEvent, { readonly type: 'delivery.attempted' }>;

const toJson = ({ delivery, attempt, status }: Attempted) => ({
  type: 'delivery.attempted',
  time: toSandboxTime(attempt.startedAt),
  event: delivery.eventType,
  event_id: delivery.eventId,
  delivery_id: delivery.id,
  webhook_id: delivery.webhookId,
  attempt: attempt.number,
  response_status: attempt.response?.status ?? null,
  outcome: attempt.outcome,
  fault: attempt.fault?.name ?? null,
  error: attempt.error,
  duration_ms: attempt.durationMs,
  next_attempt_at: attempt.nextAttemptAt === null ? null : toSandboxTime(attempt.nextAttemptAt),
  status,
});

const toLine = (
  { delivery, attempt, status }: Attempted,
  terminal: Terminal,
  reach: Reach,
): string =>
  attemptLine(
    {
      time: toSandboxTime(attempt.startedAt),
      event: delivery.eventType,
      number: attempt.number,
      status: attempt.response?.status ?? null,
      outcome: attempt.outcome,
      error: attempt.error,
      durationMs: attempt.durationMs,
      fault: attempt.fault?.name ?? null,
      delayMs: attempt.nextAttemptAt === null ? null : attempt.nextAttemptAt - attempt.endedAt,
      delivery: status,
      redeliver: commandLine(['dead-letters', 'redeliver', delivery.eventId], reach, terminal.env),
    },
    terminal,
  );

/**
 * Print each attempt of the account.
 *
 * @param reach of the account, for the commands in the output
 * @returns a function that stops it
 */
export const watchAttempts = (
  account: Account,
  terminal: Terminal,
  { json, reach }: { readonly json: boolean; readonly reach: Reach },
): (() => void) =>
  account.subscribe((event) => {
    if (event.type !== 'delivery.attempted') return;
    if (json) terminal.printJson(toJson(event));
    else terminal.print(toLine(event, terminal, reach));
  });
