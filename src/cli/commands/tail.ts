/**
 * `tail`: the attempts of a running sandbox as they are made, as `serve` prints them.
 *
 * @module
 */
import { Command } from '@commander-js/extra-typings';
import type { AccountEvent, ListedDelivery } from '../../../schemas/sandbox.ts';
import type { Client } from '../../client/create-client.ts';
import { matches } from '../../deliveries/filter.ts';
import { leadOfEvent } from '../../deliveries/lead.ts';
import { isForged } from '../../deliveries/reason.ts';
import { announced, attempted, unannounced, type Attempted } from '../../deliveries/row.ts';
import { connect } from '../connect.ts';
import { examples } from '../help.ts';
import { apiKeyOption, filterOption, jsonOption, sandboxUrlOption } from '../options.ts';
import { createAttemptPrinter, type AttemptLine } from '../output/attempts.ts';
import { commandLine } from '../output/command-line.ts';
import { filterHelp } from '../output/filter-help.ts';
import type { Terminal } from '../terminal.ts';

type Published = Extract<AccountEvent, { readonly type: 'event.published' }>;

const settledAs = ({ status }: Attempted): AttemptLine['delivery'] =>
  status === 'delivered' || status === 'dead' || status === 'cancelled' ? status : 'pending';

const toLine = (
  event: Attempted,
  { lead_email: lead, signature_mode: signature }: ListedDelivery,
  redeliver: string,
): AttemptLine => {
  const { attempt } = event;
  const { next_attempt_at: next } = attempt;
  const fault = attempt.fault?.name ?? null;
  return {
    account: null,
    at: Date.parse(attempt.started_at),
    event: event.event,
    lead,
    deliveryId: event.delivery_id,
    webhookId: event.webhook_id,
    number: attempt.number,
    status: attempt.response?.status ?? null,
    outcome: attempt.outcome,
    error: attempt.error,
    durationMs: attempt.duration_ms,
    delayMs: next === null ? null : Date.parse(next) - Date.parse(attempt.ended_at),
    fault,
    forged: isForged(fault, signature),
    delivery: settledAs(event),
    redeliver,
  };
};

/** Bounds the memory of a stream without an end. */
const MAX_DELIVERIES = 10_000;

/** The deliveries of a stream's attempts. */
const createDeliveries = (client: Client, signal: AbortSignal) => {
  const known = new Map<string, ListedDelivery>();
  const note = (delivery: ListedDelivery): ListedDelivery => {
    if (known.size >= MAX_DELIVERIES) known.clear();
    known.set(delivery.id, delivery);
    return delivery;
  };
  /** A delivery that was published before the stream began, or again. */
  const read = async (attempt: Attempted): Promise<ListedDelivery> => {
    try {
      const event = await client.events.get(attempt.event_id, { signal });
      const delivery = event.deliveries.find(({ id }) => id === attempt.delivery_id);
      return { ...unannounced(attempt), ...delivery, lead_email: leadOfEvent(event) };
    } catch (error) {
      if (signal.aborted) throw error;
      // The sandbox is stopping, or was reset: the attempt itself is known.
      return unannounced(attempt);
    }
  };
  return {
    published: ({ event, delivery_ids: ids }: Published): void => {
      for (const id of ids) note(announced(event, id, event.timestamp));
    },
    after: async (event: Attempted): Promise<ListedDelivery> =>
      note(attempted(known.get(event.delivery_id) ?? (await read(event)), event)),
  };
};

export const tail = (terminal: Terminal) =>
  new Command('tail')
    .description(
      'Print the attempts of a running sandbox as they are made, until it is interrupted. With --json, print everything that happens in the account, one JSON object per line; with --filter as well, only attempts.',
    )
    .addOption(
      filterOption("only attempts of deliveries that match then, e.g. 'lead:sarah@ is:failed'"),
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock tail',
        "sendemall-mock tail --filter 'event:email.* is:failed'",
        'sendemall-mock tail --json | jq .type',
      ),
    )
    .addHelpText('after', filterHelp())
    .action(async (options) => {
      const ended = AbortSignal.any([terminal.signal, terminal.outputClosed]);
      const client = connect(options, terminal);
      const stream = await client.stream({ signal: ended });
      const deliveries = createDeliveries(client, ended);
      const printer = createAttemptPrinter(terminal);
      const words = ['dead-letters', 'redeliver', '--all'];
      const redeliver = commandLine(words, options, terminal.env);
      terminal.note(`Following ${options.sandboxUrl}. Press Ctrl-C to end.`);
      try {
        for await (const event of stream) {
          if (options.json && options.filter === undefined) {
            terminal.printJson(event);
            continue;
          }
          if (event.type === 'event.published') deliveries.published(event);
          if (event.type !== 'delivery.attempted') continue;
          const delivery = await deliveries.after(event);
          if (options.filter !== undefined && !matches(options.filter, delivery)) continue;
          if (options.json) terminal.printJson(event);
          else {
            const line = toLine(event, delivery, redeliver);
            for (const text of printer.linesOf(line)) terminal.print(text);
          }
        }
      } catch (error) {
        if (!terminal.outputClosed.aborted) throw error;
        return;
      }
      terminal.note('The sandbox has stopped.');
    });
