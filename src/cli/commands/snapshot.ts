/**
 * `snapshot`: saves an account of a running sandbox to a file, and loads it.
 *
 * @module
 */
import { constants } from 'node:buffer';
import { lstat, open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Command } from '@commander-js/extra-typings';
import { LIMITS } from '../../../schemas/contract.ts';
import { ApiError } from '../../client/api-error.ts';
import { connect } from '../connect.ts';
import { examples } from '../help.ts';
import { inputError, openInput } from '../input.ts';
import { apiKeyOption, jsonOption, sandboxUrlOption } from '../options.ts';
import { withProgress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const TOO_LARGE = `The snapshot exceeds ${LIMITS.maxSnapshotBytes} bytes, so \`snapshot load\` cannot load it. To keep an account of this size, copy the database file of a stopped sandbox.`;

const sizeOf = (bytes: number): string => `${Math.ceil(bytes / 1024)} KiB`;

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

/** Passes parts on, and counts their bytes. */
async function* counted(
  parts: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const part of parts) {
    count(part.length);
    yield part;
  }
}

/** Whether a path can be replaced by a new file: nothing is there, or a file. Others, such as pipes, are written to. */
const isReplaceable = async (file: string): Promise<boolean> => {
  try {
    return (await lstat(file)).isFile();
  } catch {
    return true;
  }
};

/** @throws {UsageError} */
const notWritable = (file: string, error: unknown): never => {
  throw new UsageError(
    `Cannot write ${file}: ${(error as Error).message}. Pass a writable file, or - for standard output.`,
  );
};

/**
 * Writes a file part by part. It has its name only once it is complete.
 *
 * @throws {UsageError} if the file cannot be written
 */
const write = async (file: string, parts: AsyncIterable<Uint8Array>): Promise<void> => {
  const isNew = await isReplaceable(file);
  const path = isNew ? `${file}.${process.pid}.part` : file;
  // It holds the secrets of the webhooks.
  const handle = await open(path, 'w', 0o600).catch((error: unknown) => notWritable(file, error));
  try {
    for await (const part of parts) {
      await handle.writeFile(part).catch((error: unknown) => notWritable(file, error));
    }
    await handle.writeFile('\n').catch((error: unknown) => notWritable(file, error));
    if (isNew) await rename(path, file).catch((error: unknown) => notWritable(file, error));
  } catch (error) {
    if (isNew) await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
};

/** @throws {UsageError} if it is longer than a string can be */
const print = async (terminal: Terminal, parts: AsyncIterable<Uint8Array>): Promise<void> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of parts) {
    bytes += part.length;
    if (bytes > constants.MAX_STRING_LENGTH) {
      throw new UsageError(
        `The snapshot exceeds ${constants.MAX_STRING_LENGTH} bytes, which is too long for standard output. Pass a file instead of -.`,
      );
    }
    chunks.push(part);
  }
  terminal.print(Buffer.concat(chunks).toString());
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
      let bytes = 0;
      const label = (): string => `Saving: ${megabytes(bytes)} MB`;
      await withProgress(label, terminal, async () => {
        const text = counted(await client.snapshotText({ signal }), (more) => (bytes += more));
        await (file === '-' ? print(terminal, text) : write(file, text));
      });
      if (file === '-') return;
      if (bytes > LIMITS.maxSnapshotBytes) terminal.note(TOO_LARGE);
      if (options.json) terminal.printJson({ saved: file, bytes }, true);
      else terminal.print(`Saved ${file} (${sizeOf(bytes)}, with secrets).`);
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
      const { stream, bytes } = await openInput(file, terminal);
      const total = bytes === null ? '' : ` of ${megabytes(bytes)}`;
      let sent = 0;
      const label = (): string =>
        sent === bytes
          ? `Loading: restoring ${megabytes(sent)} MB`
          : `Loading: ${megabytes(sent)}${total} MB`;
      const client = connect(options, terminal);
      const text = Readable.from(counted(stream, (more) => (sent += more)));
      try {
        await withProgress(label, terminal, () =>
          client.restore(Readable.toWeb(text) as ReadableStream<Uint8Array>, { signal }),
        );
      } catch (error) {
        // The end of the input, too, ends the request with an error of its own.
        signal.throwIfAborted();
        if (stream.errored !== null) throw inputError(file, stream.errored);
        if (!(error instanceof ApiError && error.code === 'MALFORMED_JSON')) throw error;
        throw new UsageError(
          `${file} is not a snapshot. ${error.message} Pass a file from \`sendemall-mock snapshot save\`.`,
        );
      } finally {
        stream.destroy();
      }
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
