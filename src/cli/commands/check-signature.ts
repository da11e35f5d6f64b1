/**
 * `check-signature`: whether a signature matches a body, and if not, why not.
 *
 * @module
 */
import { Command, Option } from '@commander-js/extra-typings';
import { SIGNATURE } from '../../../schemas/contract.ts';
import { explainSignature, type SignatureReport } from '../../signature/explain.ts';
import { readInput } from '../input.ts';
import { jsonOption, secretOf, secretOption } from '../options.ts';
import { harmless, table } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

const HEADER_LINE = new RegExp(`^${SIGNATURE.header}\\s*:\\s*`, 'i');

const explain = (given: string, report: SignatureReport, terminal: Terminal): void => {
  terminal.print(terminal.style('red', 'The signature does not match.'));
  const rows = [
    ['given', given === '' ? '(nothing)' : harmless(given)],
    ['expected', report.expected],
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
      'Says whether a signature matches a body. If not, it finds out what was signed instead: a trimmed newline, JSON that was parsed and written again, base64, another algorithm, a mangled secret and many more.',
    )
    .argument('[file]', 'the body as it came, byte for byte; - is standard input', '-')
    .addOption(
      new Option('--signature <header>', `the value of ${SIGNATURE.header}`).makeOptionMandatory(),
    )
    .addOption(secretOption('the whole secret, "whsec_" included'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Status: 0 when it matches, 1 when it does not.

Examples:
  sendemall-mock check-signature body.json --signature 'sha256=…' --secret whsec_your-signing-secret
  cat body.json | sendemall-mock check-signature --signature "$RECEIVED" --secret "$SECRET" --json`,
    )
    .action(async (file, options) => {
      const secret = secretOf(options, terminal.env);
      const body = await readInput(file, terminal);
      // The whole line is what people copy, so the header's name is no mistake here.
      const given = options.signature.replace(HEADER_LINE, '');
      const report = explainSignature({ body, header: given, secret });
      if (!report.matches) terminal.fail();
      if (options.json) {
        terminal.printJson({ ...report, given, bytes: body.length }, true);
      } else if (report.matches) {
        terminal.print(
          `${terminal.style('green', 'The signature matches')} the ${body.length} bytes.`,
        );
      } else {
        explain(given, report, terminal);
      }
    });
