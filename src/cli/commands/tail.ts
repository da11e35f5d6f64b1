/**
 * `tail`: the attempts of a running sandbox as they are made, as `serve` prints them.
 *
 * @module
 */
import { Command } from '@commander-js/extra-typings';
import type { AccountEvent } from '../../../schemas/sandbox.ts';
import { connect } from '../connect.ts';
import { examples } from '../help.ts';
import { apiKeyOption, jsonOption, sandboxUrlOption } from '../options.ts';
import { createAttemptPrinter, isForged, type AttemptLine } from '../output/attempts.ts';
import { commandLine } from '../output/command-line.ts';
import { leadOf } from '../../deliveries/lead.ts';
import type { Terminal } from '../terminal.ts';

type Attempted = Extract<AccountEvent, { readonly type: 'delivery.attempted' }>;

const settledAs = ({ status }: Attempted): AttemptLine['delivery'] =>
  status === 'delivered' || status === 'dead' || status === 'cancelled' ? status : 'pending';

const toLine = (event: Attempted, lead: string | null, redeliver: string): AttemptLine => {
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
    forged: isForged(fault, 'valid'),
    delivery: settledAs(event),
    redeliver,
  };
};

/** Bounds the memory of a stream without an end. */
const MAX_LEADS = 10_000;

export const tail = (terminal: Terminal) =>
  new Command('tail')
    .description(
      'Print the attempts of a running sandbox as they are made, until it is interrupted. With --json, print everything that happens in the account, one JSON object per line.',
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock tail', 'sendemall-mock tail --json | jq .type'))
    .action(async (options) => {
      const ended = AbortSignal.any([terminal.signal, terminal.outputClosed]);
      const stream = await connect(options, terminal).stream({ signal: ended });
      const printer = createAttemptPrinter(terminal);
      const words = ['dead-letters', 'redeliver', '--all'];
      const redeliver = commandLine(words, options, terminal.env);
      const leads = new Map<string, string | null>();
      terminal.note(`Following ${options.sandboxUrl}. Press Ctrl-C to end.`);
      try {
        for await (const event of stream) {
          if (options.json) {
            terminal.printJson(event);
            continue;
          }
          if (event.type === 'event.published') {
            if (leads.size >= MAX_LEADS) leads.clear();
            leads.set(event.event.id, leadOf(JSON.stringify(event.event)));
          }
          if (event.type !== 'delivery.attempted') continue;
          const line = toLine(event, leads.get(event.event_id) ?? null, redeliver);
          for (const text of printer.linesOf(line)) terminal.print(text);
        }
      } catch (error) {
        if (!terminal.outputClosed.aborted) throw error;
        return;
      }
      terminal.note('The sandbox has stopped.');
    });
