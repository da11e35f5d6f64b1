/**
 * Formats deliveries: as a table, or one with its requests and responses.
 *
 * @module
 */
import type { Attempt, DeliveryDetail, ListedDelivery } from '../../../schemas/sandbox.ts';
import type { Styles, Terminal } from '../terminal.ts';
import { isForged, reasonOf } from '../../deliveries/reason.ts';
import { createAttemptPrinter, type AttemptLine, type AttemptPrinter } from './attempts.ts';
import { bodyLines } from './body.ts';
import { commandLine, type Reach } from './command-line.ts';
import { leadOf } from '../../deliveries/lead.ts';
import { dotsText, ladderLines } from './ladder.ts';
import { fittedTable, harmless, table } from './table.ts';

const STYLES: Readonly<Record<string, Styles>> = {
  delivered: 'green',
  dead: 'red',
  cancelled: 'dim',
  acknowledged: 'dim',
};

export const statusText = (status: string, terminal: Terminal): string =>
  terminal.style(STYLES[status] ?? 'yellow', status);

/** Left out on a narrow terminal, in this order. */
const OPTIONAL = ['url', 'next attempt', 'created', 'why'];

export const deliveryTable = (
  deliveries: readonly ListedDelivery[],
  terminal: Terminal,
): string[] =>
  fittedTable(
    ['id', 'event', 'lead', 'status', 'attempts', 'why', 'created', 'next attempt', 'url'],
    deliveries.map((one) => [
      one.id,
      one.event,
      harmless(one.lead_email ?? '-'),
      statusText(one.status, terminal),
      dotsText(one, terminal),
      reasonOf(one) || '-',
      one.created_at,
      one.next_attempt_at ?? '-',
      harmless(one.url),
    ]),
    terminal,
    OPTIONAL,
  );

const settledAs = (
  attempt: Attempt,
  isLast: boolean,
  { status }: DeliveryDetail,
): AttemptLine['delivery'] => {
  if (attempt.outcome === 'delivered') return 'delivered';
  if (attempt.next_attempt_at !== null) return 'pending';
  return isLast && status === 'cancelled' ? 'cancelled' : 'dead';
};

/** An attempt of a delivery, as `serve` prints it live. */
const toLine = (
  attempt: Attempt,
  at: number,
  delivery: DeliveryDetail,
  redeliver: string,
): AttemptLine => ({
  account: null,
  at: Date.parse(attempt.started_at),
  event: delivery.event,
  lead: leadOf(delivery.body),
  deliveryId: delivery.id,
  webhookId: delivery.webhook_id,
  number: attempt.number,
  status: attempt.response?.status ?? null,
  outcome: attempt.outcome,
  error: attempt.error,
  durationMs: attempt.duration_ms,
  fault: attempt.fault?.name ?? null,
  forged: isForged(attempt.fault?.name ?? null, delivery.signature_mode),
  delayMs:
    attempt.next_attempt_at === null
      ? null
      : Date.parse(attempt.next_attempt_at) - Date.parse(attempt.ended_at),
  delivery: settledAs(attempt, at === delivery.attempts.length - 1, delivery),
  redeliver,
});

/**
 * Lines for the attempts of a delivery but the first `shown`, as `serve` prints them live.
 */
export const attemptLines = (
  delivery: DeliveryDetail,
  terminal: Terminal,
  reach: Reach,
  printer: AttemptPrinter = createAttemptPrinter(terminal),
  shown = 0,
): string[] => {
  const words = ['dead-letters', 'redeliver', delivery.event_id];
  const redeliver = commandLine(words, reach, terminal.env);
  return delivery.attempts.flatMap((attempt, at) =>
    at < shown ? [] : printer.linesOf(toLine(attempt, at, delivery, redeliver)),
  );
};

const headers = (list: readonly (readonly string[])[]): string[] =>
  list.map(([name = '', value = '']) => `    ${harmless(`${name}: ${value}`)}`);

const indented = (body: string, terminal: Terminal): string[] =>
  body === '' ? ['    (no body)'] : bodyLines(body, terminal).map((line) => `    ${line}`);

const attemptDetail = (attempt: Attempt, terminal: Terminal): string[] => [
  '',
  terminal.style('bold', `Attempt ${attempt.number}`),
  `  ${attempt.request.method} ${harmless(attempt.request.url)}`,
  ...headers(attempt.request.headers),
  ...(attempt.response === null
    ? [`  no response: ${harmless(attempt.error ?? attempt.outcome)}`]
    : [
        `  response ${attempt.response.status}`,
        ...headers(attempt.response.headers),
        ...indented(attempt.response.body, terminal),
        ...(attempt.response.truncated ? ['    (truncated)'] : []),
      ]),
];

export const deliveryDetail = (
  delivery: DeliveryDetail,
  terminal: Terminal,
  reach: Reach,
): string[] => [
  ...table([
    ['delivery', delivery.id],
    ['event', `${delivery.event} ${delivery.event_id}`],
    ['webhook', `${delivery.webhook_id} ${harmless(delivery.url)}`],
    ['status', statusText(delivery.status, terminal)],
    ['created', delivery.created_at],
    ['next attempt', delivery.next_attempt_at ?? '-'],
    ['settled', delivery.settled_at ?? '-'],
    ...(delivery.redelivery_of === null ? [] : [['repeats', delivery.redelivery_of]]),
    ...(delivery.signature_mode === 'valid' ? [] : [['signature', delivery.signature_mode]]),
  ]),
  '',
  terminal.style('bold', 'Body'),
  ...indented(delivery.body, terminal),
  '',
  terminal.style('bold', 'Attempts'),
  ...ladderLines(delivery, terminal).map((line) => `  ${line}`),
  ...(delivery.attempts.length === 0 ? [] : ['']),
  ...(delivery.attempts.length === 0
    ? []
    : attemptLines(delivery, terminal, reach).map((line) => `  ${line}`)),
  ...delivery.attempts.flatMap((attempt) => attemptDetail(attempt, terminal)),
];
