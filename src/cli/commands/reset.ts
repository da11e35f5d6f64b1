/**
 * `reset`: empties an account of a running sandbox.
 *
 * @module
 */
import { Command } from '@commander-js/extra-typings';
import { connect } from '../connect.ts';
import { examples } from '../help.ts';
import { apiKeyOption, jsonOption, sandboxUrlOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';

export const reset = (terminal: Terminal) =>
  new Command('reset')
    .description(
      'Delete everything in the account: webhooks, events, deliveries, campaigns and faults. Other accounts are not affected; `serve` registers its receiver again.',
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock reset'))
    .action(async (options) => {
      await connect(options, terminal).reset({ signal: terminal.signal });
      if (options.json) terminal.printJson({ reset: true }, true);
      else terminal.print('The account is empty.');
    });
