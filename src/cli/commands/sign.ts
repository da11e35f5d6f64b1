/**
 * `sign`: signs a body as the provider does, and prints a curl command that sends it.
 *
 * @module
 */
import { Command, Option } from '@commander-js/extra-typings';
import { CONTENT_TYPE, SIGNATURE } from '../../../schemas/contract.ts';
import { sign as signBody } from '../../signature/sign.ts';
import { shellWord } from '../../domain/shell.ts';
import { examples } from '../help.ts';
import { readInput } from '../input.ts';
import { httpUrl, jsonOption, secretOf, secretOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';

/** A longer body is referenced in the curl command, not inlined. */
const MAX_INLINE_BYTES = 4096;

/** The body quoted for the shell; null if quoting would change the bytes. */
const inline = (body: Buffer): string | null => {
  const text = body.toString('utf8');
  return body.length <= MAX_INLINE_BYTES &&
    Buffer.from(text).equals(body) &&
    !text.includes('\u0000') &&
    !text.startsWith('@')
    ? shellWord(text)
    : null;
};

const dataOf = (file: string, body: Buffer): string =>
  file === '-' ? (inline(body) ?? '@body.json') : shellWord(`@${file}`);

export const sign = (terminal: Terminal) =>
  new Command('sign')
    .description(
      'Sign a body as the provider does. Prints the signature header and a curl command that sends the body.',
    )
    .argument('[file]', 'body to sign; - reads standard input', '-')
    .addOption(secretOption('signing secret, including "whsec_"'))
    .addOption(
      new Option('--url <url>', 'receiver for the curl command')
        .default('http://localhost:3000/webhooks/sendemall')
        .argParser(httpUrl),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock sign event.json --secret whsec_your-signing-secret',
        `printf %s '{"event":"email.opened"}' | \\`,
        '  sendemall-mock sign --secret whsec_your-signing-secret',
      ),
    )
    .action(async (file, options) => {
      const secret = secretOf(options, terminal.env);
      const body = await readInput(file, terminal);
      const signature = signBody(body, secret);
      const curl = [
        `curl -X POST ${shellWord(options.url)}`,
        `-H ${shellWord(`Content-Type: ${CONTENT_TYPE}`)}`,
        `-H ${shellWord(`${SIGNATURE.header}: ${signature}`)}`,
        `--data-binary ${dataOf(file, body)}`,
      ];
      if (options.json) {
        terminal.printJson(
          { header: SIGNATURE.header, signature, bytes: body.length, curl: curl.join(' ') },
          true,
        );
        return;
      }
      if (body.at(-1) === 0x0a) {
        terminal.note(
          'The body ends with a newline, which is part of the signature. Use printf %s to avoid it.',
        );
      }
      terminal.print(`${SIGNATURE.header}: ${signature}`);
      terminal.print('');
      terminal.print(curl.join(' \\\n  '));
    });
