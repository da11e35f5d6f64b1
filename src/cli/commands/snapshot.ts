/**
 * `snapshot`: saves an account of a running sandbox to a file, and loads it.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises';
import { Command } from '@commander-js/extra-typings';
import { LIMITS } from '../../../schemas/contract.ts';
import type { Snapshot } from '../../../schemas/sandbox.ts';
import { connect } from '../connect.ts';
import { examples } from '../help.ts';
import { readInput } from '../input.ts';
import { apiKeyOption, jsonOption, sandboxUrlOption } from '../options.ts';
import { withProgress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const TOO_LARGE = `The snapshot exceeds ${LIMITS.maxSnapshotBytes} bytes, so \`snapshot load\` cannot load it. To keep an account of this size, copy the database file of a stopped sandbox.`;

const sizeOf = (text: string): string => `${Math.ceil(Buffer.byteLength(text) / 1024)} KiB`;

/** @throws {UsageError} if the file cannot be written */
const write = async (file: string, text: string): Promise<void> => {
  try {
    // It holds the secrets of the webhooks.
    await writeFile(file, text, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(
      `Cannot write ${file}: ${(error as Error).message}. Pass a writable file, or - for standard output.`,
    );
  }
};

const save = (terminal: Terminal) =>
  new Command('save')
    .summary('save the account to a file')
    .description(
      "Save everything in the account to a JSON file, including the webhooks' secrets and the clock.",
    )
    .argument('<file>', 'file to write; - writes standard output')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock snapshot save before-the-test.json'))
    .action(async (file, options) => {
      const { signal } = terminal;
      const client = connect(options, terminal);
      const snapshot = await withProgress('Saving', terminal, () => client.snapshot({ signal }));
      const text = JSON.stringify(snapshot);
      if (file === '-') {
        terminal.print(text);
        return;
      }
      await write(file, `${text}\n`);
      if (Buffer.byteLength(text) > LIMITS.maxSnapshotBytes) terminal.note(TOO_LARGE);
      if (options.json) terminal.printJson({ saved: file, bytes: Buffer.byteLength(text) }, true);
      else terminal.print(`Saved ${file} (${sizeOf(text)}, with secrets).`);
    });

const load = (terminal: Terminal) =>
  new Command('load')
    .summary('load an account from a file')
    .description('Replace everything in the account by a snapshot.')
    .argument('<file>', 'file to read; - reads standard input')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock snapshot load before-the-test.json'))
    .action(async (file, options) => {
      const { signal } = terminal;
      const text = (await readInput(file, terminal)).toString('utf8');
      let snapshot: Snapshot;
      try {
        snapshot = JSON.parse(text) as Snapshot;
      } catch (error) {
        throw new UsageError(
          `Invalid JSON in ${file}: ${(error as Error).message}. Pass a file from \`sendemall-mock snapshot save\`.`,
        );
      }
      const client = connect(options, terminal);
      await withProgress('Loading', terminal, () => client.restore(snapshot, { signal }));
      if (options.json) terminal.printJson({ restored: true }, true);
      else terminal.print(`Loaded ${file}.`);
    });

export const snapshot = (terminal: Terminal) =>
  new Command('snapshot')
    .description('Save an account of a running sandbox to a file, and load it.')
    .addHelpText(
      'after',
      examples(
        'sendemall-mock snapshot save before-the-test.json',
        'sendemall-mock snapshot load before-the-test.json',
      ),
    )
    .addCommand(save(terminal))
    .addCommand(load(terminal));
