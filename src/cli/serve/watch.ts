/**
 * Prints the attempts of all accounts and the requests to `/v1` as they are made.
 *
 * @module
 */
import type { StartedSandbox } from '../../create-mock.ts';
import { toSandboxTime } from '../../domain/time.ts';
import { isForged } from '../../deliveries/reason.ts';
import { createAttemptPrinter, type AttemptLine } from '../output/attempts.ts';
import { commandLine, type Reach } from '../output/command-line.ts';
import { leadOf } from '../../deliveries/lead.ts';
import { shortHash, shortKey } from '../output/short-form.ts';
import { harmless } from '../output/table.ts';
import { fit } from '../output/width.ts';
import type { Terminal } from '../terminal.ts';
import type { Account } from './forward.ts';

type AccountEvent = Parameters<Parameters<Account['subscribe']>[0]>[0];
/** An attempt of the engine, as announced. */
export type Attempted = Extract<AccountEvent, { readonly type: 'delivery.attempted' }>;
type Accounts = Pick<StartedSandbox['engine'], 'onAccount'>;

/** A request to `/v1`, once it is answered. */
export interface Answered {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly account: Account | null;
}

const toJson = ({ delivery, attempt, status }: Attempted, account: string | null) => ({
  type: 'delivery.attempted',
  account,
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
  account: string | null,
  redeliver: string,
): AttemptLine => ({
  account,
  at: attempt.startedAt,
  event: delivery.eventType,
  lead: leadOf(delivery.body),
  deliveryId: delivery.id,
  webhookId: delivery.webhookId,
  number: attempt.number,
  status: attempt.response?.status ?? null,
  outcome: attempt.outcome,
  error: attempt.error,
  durationMs: attempt.durationMs,
  fault: attempt.fault?.name ?? null,
  forged: isForged(attempt.fault?.name ?? null, delivery.signature),
  delayMs: attempt.nextAttemptAt === null ? null : attempt.nextAttemptAt - attempt.endedAt,
  delivery: status,
  redeliver,
});

export interface WatchOptions {
  readonly json: boolean;
  /** The account whose lines carry no name; null for none. */
  readonly shown: Account | null;
  /** Reach of that account, for the commands in the output. */
  readonly reach: Reach;
  /** Called for each attempt of the shown account, after its line. */
  readonly onAttempt: (attempted: Attempted) => void;
}

export interface Watch {
  /** Print a request to `/v1`, so that people see their program register. */
  request(request: Answered): void;
}

/** Print each attempt of every account that is opened from now on, and of the shown one. */
export const watchAttempts = (
  engine: Accounts,
  terminal: Terminal,
  { json, shown, reach, onAttempt }: WatchOptions,
): Watch => {
  const printer = createAttemptPrinter(terminal);
  const names = new Map<string, string | null>();
  /** An account that was closed and opened again is another object. */
  const subscribed = new WeakSet<Account>();
  const redeliver = commandLine(['dead-letters', 'redeliver', '--all'], reach, terminal.env);

  const print = (event: AccountEvent, keyHash: string): void => {
    if (event.type !== 'delivery.attempted') return;
    const account = names.get(keyHash) ?? null;
    if (json) terminal.printJson(toJson(event, account));
    else {
      for (const line of printer.linesOf(toLine(event, account, redeliver))) terminal.print(line);
    }
  };
  const add = (account: Account, name: string | null): void => {
    const { keyHash } = account.account;
    const isShown = keyHash === shown?.account.keyHash;
    if (!isShown && (name !== null || !names.has(keyHash)))
      names.set(keyHash, name ?? shortHash(keyHash));
    if (subscribed.has(account)) return;
    subscribed.add(account);
    account.subscribe((event) => {
      print(event, keyHash);
      if (isShown && event.type === 'delivery.attempted') onAttempt(event);
    });
  };
  engine.onAccount((account, apiKey) => add(account, apiKey === null ? null : shortKey(apiKey)));

  return {
    request: ({ method, path, status, account }) => {
      if (json || !path.startsWith('/v1/')) return;
      const name = account === null ? null : (names.get(account.account.keyHash) ?? null);
      const text = ['→', ...(name === null ? [] : [name]), method, harmless(path), status].join(
        ' ',
      );
      const { width } = terminal;
      const indented = ' '.repeat('14:03:12 '.length) + text;
      terminal.print(terminal.style('dim', fit(indented, width)));
    },
  };
};
