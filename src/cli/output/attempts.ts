/**
 * Formats an attempt as a line: time, event, status, duration, error and what follows.
 *
 * @module
 */
import { DELIVERY_POLICY } from '../../../schemas/contract.ts';
import { formatDuration } from '../../domain/time.ts';
import type { Styles, Terminal } from '../terminal.ts';
import { quoted } from './command-line.ts';
import { harmless } from './table.ts';

/** Content of a line, from an attempt of the engine or of the API. */
export interface AttemptLine {
  /** Start on the account's clock, formatted. */
  readonly time: string;
  readonly event: string;
  readonly number: number;
  /** Response status; null without a response. */
  readonly status: number | null;
  readonly outcome: string;
  readonly error: string | null;
  readonly durationMs: number;
  /** Milliseconds from this failure to the next attempt; null if this is the last. */
  readonly delayMs: number | null;
  /** Name of the injected fault; null without one. */
  readonly fault: string | null;
  readonly delivery: 'pending' | 'delivered' | 'dead' | 'cancelled';
  /** The command that redelivers the event. */
  readonly redeliver: string;
}

const RETRIES = DELIVERY_POLICY.retryDelaysMs.length;

const EVENT_WIDTH = 'email.unsubscribed'.length;

/** `→ retry 1 of 3 in 30s`, `→ delivered`, `→ dead letter`. */
export const planOf = ({ number, delayMs, delivery, redeliver }: AttemptLine): string => {
  if (delivery === 'delivered') return '→ delivered';
  if (delivery === 'cancelled') return '→ cancelled: webhook deleted';
  return delayMs === null
    ? `→ dead letter: fix the receiver, then run ${quoted(redeliver)}`
    : `→ retry ${number} of ${RETRIES} in ${formatDuration(delayMs)}`;
};

const stylesOf = (line: AttemptLine): Styles => {
  if (line.outcome === 'delivered') return 'green';
  return line.delayMs === null ? 'red' : 'yellow';
};

/** e.g. `2026-04-06T12:00:00.000Z  email.replied  500  3 ms  answered 500 …  → retry 1 of 3 in 30s` */
export const attemptLine = (line: AttemptLine, terminal: Terminal): string => {
  const status = line.status === null ? line.outcome : String(line.status);
  const parts = [
    terminal.style('dim', line.time),
    line.event.padEnd(EVENT_WIDTH),
    terminal.style(stylesOf(line), status.padEnd(3)),
    `${String(Math.round(line.durationMs)).padStart(4)} ms`,
    ...(line.fault === null ? [] : [terminal.style('magenta', `[${line.fault}]`)]),
    ...(line.error === null ? [] : [harmless(line.error)]),
    terminal.style(stylesOf(line), planOf(line)),
  ];
  return parts.join('  ');
};
