/**
 * Formats attempts: one line each that fits the terminal, and an explanation below the first one of each cause.
 *
 * @module
 */
import { DELIVERY_POLICY } from '../../../schemas/contract.ts';
import { formatDuration } from '../../domain/time.ts';
import type { Styles, Terminal } from '../terminal.ts';
import { harmless } from './table.ts';
import { fit, pad, widthOf, wrap } from './width.ts';

/** Content of a line, from an attempt of the engine or of the API. */
export interface AttemptLine {
  /** Short form of the account's key; null for the account that the command shows anyway. */
  readonly account: string | null;
  /** Start on the account's clock, in milliseconds since the epoch. */
  readonly at: number;
  readonly event: string;
  /** Email address of the event's lead; null without one. */
  readonly lead: string | null;
  readonly deliveryId: string;
  readonly webhookId: string;
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
  /** True if it was signed wrongly on purpose, by a fault or a redelivery. */
  readonly forged: boolean;
  readonly delivery: 'pending' | 'delivered' | 'dead' | 'cancelled';
  /** The command that sends dead letters again. */
  readonly redeliver: string;
}

const ATTEMPTS = DELIVERY_POLICY.retryDelaysMs.length + 1;

/** A forgery that the receiver has refused with a 4xx: what it should do. */
const isRefusedForgery = ({ forged, status }: AttemptLine): boolean =>
  forged && status !== null && status >= 400 && status < 500;

const isAcceptedForgery = ({ forged, status }: AttemptLine): boolean =>
  forged && status !== null && status >= 200 && status < 300;

interface Mark {
  readonly sign: string;
  readonly style: Styles;
}

const markOf = (line: AttemptLine): Mark => {
  if (isAcceptedForgery(line)) return { sign: '✗', style: 'red' };
  if (line.outcome === 'delivered' || isRefusedForgery(line)) return { sign: '✓', style: 'green' };
  if (line.outcome === 'ignored') return { sign: '~', style: 'yellow' };
  return { sign: '✗', style: line.delayMs === null ? 'red' : 'yellow' };
};

/** `try 2/4 in 30s`, `on try 2/4`, `dead letter`. Empty if it was delivered at once. */
const planOf = (line: AttemptLine): string => {
  const { number, delayMs, delivery } = line;
  if (isRefusedForgery(line)) return 'refused, as it should';
  if (isAcceptedForgery(line)) return 'accepted a forgery';
  if (delivery === 'delivered') return number === 1 ? '' : `on try ${number}/${ATTEMPTS}`;
  if (delivery === 'cancelled') return 'webhook deleted';
  return delayMs === null
    ? 'dead letter'
    : `try ${number + 1}/${ATTEMPTS} in ${formatDuration(delayMs)}`;
};

const EVENT_WIDTH = 'email.unsubscribed'.length;
const SHORT_EVENT_WIDTH = 'unsubscribed'.length;
const PLAN_WIDTH = 'try 4/4 in 30m'.length;
const MS_WIDTH = '10000 ms'.length;
const ACCOUNT_WIDTH = '#3fa9c1'.length;
const LEAD_WIDTH = 28;
const MIN_LEAD_WIDTH = 8;

/** Width of the columns that every line has: time, mark, status and a delivery ID of two digits, with their gaps. */
const FIXED_WIDTH = '14:03:12 ✗ '.length + '  500'.length + '  dlv_12'.length;

interface Layout {
  readonly eventWidth: number;
  readonly leadWidth: number;
  readonly hasPlan: boolean;
  readonly hasDuration: boolean;
}

/** Columns that fit, from the widest to the narrowest. The same for all lines of a terminal, so that they align. */
const layoutFor = (columns: number | null, hasAccount: boolean): Layout => {
  const layout = { eventWidth: EVENT_WIDTH, leadWidth: LEAD_WIDTH };
  if (columns === null) return { ...layout, hasPlan: true, hasDuration: true };
  const room = columns - FIXED_WIDTH - (hasAccount ? ACCOUNT_WIDTH + 1 : 0) - (PLAN_WIDTH + 2);
  for (const eventWidth of [EVENT_WIDTH, SHORT_EVENT_WIDTH]) {
    const left = room - eventWidth - (MS_WIDTH + 2) - 2;
    if (left < MIN_LEAD_WIDTH) continue;
    return {
      eventWidth,
      leadWidth: Math.min(LEAD_WIDTH, left),
      hasPlan: true,
      hasDuration: true,
    };
  }
  const left = room - SHORT_EVENT_WIDTH;
  return {
    eventWidth: SHORT_EVENT_WIDTH,
    leadWidth: 0,
    hasPlan: left >= 0,
    hasDuration: left >= MS_WIDTH + 2,
  };
};

const two = (value: number): string => String(value).padStart(2, '0');

/** Local time of day: what the receiver's own log shows. */
const timeOfDay = (at: number): string => {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
};

/** Local date. */
const dayOf = (at: number): string => {
  const time = new Date(at);
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
};

const statusText = ({ status, outcome }: AttemptLine): string =>
  status === null ? outcome.replaceAll('_', ' ') : String(status);

const eventText = (event: string, width: number): string =>
  pad(width < EVENT_WIDTH ? event.replace(/^(?:email|campaign)\./, '') : event, width);

interface Cell {
  readonly text: string;
  readonly styles?: Styles;
}

const textOf = (cells: readonly Cell[]): string => cells.map(({ text }) => text).join('  ');

const endCells = (line: AttemptLine, layout: Layout, style: Styles): Cell[] => {
  const plan = planOf(line);
  return [
    { text: statusText(line).padStart(3), styles: style },
    ...(layout.hasDuration
      ? [{ text: `${Math.round(line.durationMs)} ms`.padStart(MS_WIDTH) }]
      : []),
    ...(layout.hasPlan || line.forged
      ? [{ text: pad(plan, Math.max(PLAN_WIDTH, widthOf(plan))), styles: style }]
      : []),
    { text: line.deliveryId },
    ...(line.fault === null ? [] : [{ text: `[${line.fault}]`, styles: 'magenta' as const }]),
  ];
};

/** The lead gives its room to a longer plan and to a fault. */
const leadCell = ({ lead }: AttemptLine, leadWidth: number, room: number): Cell[] => {
  const columns = Math.min(leadWidth, room);
  return columns < 4 ? [] : [{ text: pad(harmless(lead ?? ''), columns) }];
};

/** e.g. `14:03:12 ✗ email.bounced       john@defunct…  500     51 ms  try 2/4 in 30s  dlv_3` */
export const attemptLine = (line: AttemptLine, terminal: Terminal): string => {
  const { width } = terminal;
  const { style, sign } = markOf(line);
  const layout = layoutFor(width, line.account !== null);
  const start: Cell[] = [
    { text: timeOfDay(line.at), styles: 'dim' },
    { text: sign, styles: style },
    ...(line.account === null
      ? []
      : [{ text: pad(line.account, ACCOUNT_WIDTH), styles: 'cyan' as const }]),
    { text: eventText(line.event, layout.eventWidth) },
  ];
  const roomBeside = (cells: readonly Cell[]): number =>
    width === null ? LEAD_WIDTH : width - widthOf(textOf([...start, ...cells])) + start.length - 3;
  const whole = endCells(line, layout, style);
  // The explanation names the fault, too.
  const end = line.fault !== null && roomBeside(whole) < -2 ? whole.slice(0, -1) : whole;
  const room = roomBeside(end);
  const paint = ({ text, styles }: Cell): string =>
    styles === undefined || text.trim() === '' ? text : terminal.style(styles, text);
  // One space between the first columns, two between the others.
  const first = start.map(paint).join(' ');
  const others = [...leadCell(line, layout.leadWidth, room), ...end].map(paint);
  return fit([first, ...others].join('  ').trimEnd(), width);
};

/** What is wrong with an accepted forgery; the attempt's own error otherwise. */
const explanationOf = (line: AttemptLine): string | null => {
  if (isRefusedForgery(line)) return null;
  if (isAcceptedForgery(line)) {
    return `answered ${line.status} to a request whose signature is ${line.fault ?? 'wrong or missing'} on purpose: the receiver does not check signatures`;
  }
  return line.error;
};

/** Column at which explanations begin: below the event. */
export const INDENT = '14:03:12 ✗ '.length;

/** Bounds the memory for causes that differ each time. */
const MAX_CAUSES = 1000;

export interface AttemptPrinter {
  /** The lines of an attempt: its own, and an explanation unless its cause has been explained before. */
  linesOf(line: AttemptLine): readonly string[];
}

/** Create a printer that explains each cause of failure once, and each date. */
export const createAttemptPrinter = (terminal: Terminal): AttemptPrinter => {
  const explained = new Set<string>();
  let day: string | null = null;

  const isNew = (cause: string): boolean => {
    if (explained.has(cause)) return false;
    if (explained.size >= MAX_CAUSES) explained.clear();
    explained.add(cause);
    return true;
  };
  const explain = (text: string): string[] =>
    wrap(harmless(text), terminal.width, INDENT).map((one) => terminal.style('dim', one));

  return {
    linesOf: (line) => {
      const lines: string[] = [];
      const today = dayOf(line.at);
      if (day !== null && day !== today) lines.push(terminal.style('dim', today));
      day = today;
      lines.push(attemptLine(line, terminal));
      const { webhookId, outcome, status, fault, forged } = line;
      const explanation = explanationOf(line);
      const cause = [webhookId, outcome, status, fault, forged].join(' ');
      if (explanation !== null && isNew(cause)) lines.push(...explain(`${explanation}.`));
      if (line.delivery === 'dead' && isNew('dead')) {
        lines.push(
          ...explain('Fix the receiver, then send its dead letters again:'),
          // Not wrapped by us: a command must work when pasted.
          terminal.style('dim', ' '.repeat(INDENT) + line.redeliver),
        );
      }
      return lines;
    },
  };
};
