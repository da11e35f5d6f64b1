/**
 * `open`: opens a running sandbox in the browser.
 *
 * @module
 */
import { Command } from '@commander-js/extra-typings';
import { connect } from '../connect.ts';
import { examples } from '../help.ts';
import { apiKeyOption, jsonOption, sandboxUrlOption } from '../options.ts';
import { openInBrowser } from '../browser.ts';
import type { Terminal } from '../terminal.ts';

export const open = (terminal: Terminal) =>
  new Command('open')
    .description(
      "Open the sandbox's page in the browser. Without a terminal, or in CI, only print its URL.",
    )
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock open'))
    .action(async (options) => {
      const client = connect(options, terminal);
      // Fails with a remedy if there is no sandbox.
      await client.clock.get({ signal: terminal.signal });
      if (options.json) terminal.printJson({ url: client.baseUrl }, true);
      else {
        terminal.print(client.baseUrl);
        await openInBrowser(client.baseUrl, terminal);
      }
    });
