/**
 * `check-signature`: checks a signature against a body and explains a mismatch.
 *
 * @module
 */
import { Command, Option } from '@commander-js/extra-typings';
import { SIGNATURE } from '../../../schemas/contract.ts';
import { explainSignature, type SignatureReport } from '../../signature/explain.ts';
import { examples, exitStatus } from '../help.ts';
import { readInput } from '../input.ts';
import { jsonOption, secretOf, secretOption } from '../options.ts';
import { harmless, table } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

const HEADER_LINE = new RegExp(`^${SIGNATURE.header}\\s*:\\s*`, 'i');

const explain = (given: string, report: SignatureReport, terminal: Terminal): void => {
  terminal.print(terminal.style('red', 'The signature does not match.'));
  const rows = [
    ['expected', report.expected],
    ['actual', given === '' ? '(empty)' : harmless(given)],
    ...report.causes.flatMap(({ says, remedy }) => [
      [report.proven ? 'why' : 'likely', `It ${says}.`],
      ['remedy', remedy],
    ]),
  ];
  for (const line of table(rows)) terminal.print(`  ${line}`);
};

export const checkSignature = (terminal: Terminal) =>
  new Command('check-signature')
    .description(
      'Check a signature against a body. On a mismatch, finds out what was signed instead: a trimmed newline, re-serialized JSON, base64, another algorithm, a mangled secret and more.',
    )
    .argument('[file]', 'body as received, byte for byte; - reads standard input', '-')
    .addOption(
      new Option(
        '--signature <header>',
        `value of the ${SIGNATURE.header} header`,
      ).makeOptionMandatory(),
    )
    .addOption(secretOption('signing secret, including "whsec_"'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      [
        exitStatus({ 0: 'the signature matches', 1: 'it does not match', 2: 'invalid usage' }),
        examples(
          "sendemall-mock check-signature body.json --signature 'sha256=…' \\",
          '  --secret whsec_your-signing-secret',
          'sendemall-mock check-signature --json --signature "$RECEIVED" < body.json',
        ),
      ].join('\n'),
    )
    .action(async (file, options) => {
      const secret = secretOf(options, terminal.env);
      const body = await readInput(file, terminal);
      // People copy the whole header line, so accept its name.
      const given = options.signature.replace(HEADER_LINE, '');
      const report = explainSignature({ body, header: given, secret });
      if (!report.matches) terminal.fail();
      if (options.json) {
        terminal.printJson({ ...report, given, bytes: body.length }, true);
      } else if (report.matches) {
        terminal.print(
          `${terminal.style('green', 'The signature matches')} (${body.length} bytes).`,
        );
      } else {
        explain(given, report, terminal);
      }
    });
