/**
 * `spec`: prints the contract, and which parts of it are documented and which are assumed.
 *
 * @module
 */
import { Argument, Command, Option } from '@commander-js/extra-typings';
import { examples } from '../help.ts';
import { jsonOption } from '../options.ts';
import { table } from '../output/table.ts';
import { readPackageFile } from '../../package-file.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

interface Document {
  readonly about: string;
  readonly json: string;
  readonly yaml: string;
}

const DOCUMENTS = {
  asyncapi: {
    about: 'events: payloads, signature, delivery and retries (AsyncAPI 3)',
    json: 'schemas/json/asyncapi.json',
    yaml: 'schemas/yaml/asyncapi.yaml',
  },
  openapi: {
    about: "the provider's API (OpenAPI 3.1)",
    json: 'schemas/json/openapi.json',
    yaml: 'schemas/yaml/openapi.yaml',
  },
  sandbox: {
    about: 'the sandbox API (OpenAPI 3.1)',
    json: 'schemas/json/sandbox.openapi.json',
    yaml: 'schemas/yaml/sandbox.openapi.yaml',
  },
} as const satisfies Record<string, Document>;

const NAMES = ['asyncapi', 'openapi', 'sandbox', 'fidelity'] as const;

const FIDELITY_ABOUT = 'documented and assumed behaviour, with source or reason';

const printNames = (json: boolean | undefined, terminal: Terminal): void => {
  const entries = Object.entries(DOCUMENTS).map(([name, { about }]) => ({ name, about }));
  const all = [...entries, { name: 'fidelity', about: FIDELITY_ABOUT }];
  if (json) terminal.printJson(all, true);
  else for (const line of table(all.map(({ name, about }) => [name, about]))) terminal.print(line);
};

const printFidelity = async (json: boolean | undefined, terminal: Terminal): Promise<void> => {
  const { FIDELITY } = await import('../../../schemas/fidelity.ts');
  if (json) {
    terminal.printJson(FIDELITY, true);
    return;
  }
  const rows = FIDELITY.map(({ subject, fidelity, source, reason }) => [
    terminal.style(fidelity === 'assumed' ? 'yellow' : 'green', fidelity),
    subject,
    (fidelity === 'assumed' ? reason : source) ?? '',
  ]);
  for (const line of table(rows)) terminal.print(line);
  const assumed = FIDELITY.filter(({ fidelity }) => fidelity === 'assumed').length;
  terminal.note(`${FIDELITY.length - assumed} documented, ${assumed} assumed.`);
};

export const spec = (terminal: Terminal) =>
  new Command('spec')
    .description(
      'Print the API descriptions that the sandbox implements, or the list of documented and assumed behaviour. Without an argument, lists the documents.',
    )
    .addArgument(new Argument('[document]', 'document to print').choices(NAMES))
    .addOption(new Option('--yaml', 'print YAML').conflicts('json'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock spec asyncapi > asyncapi.json',
        'sendemall-mock spec openapi --yaml',
        'sendemall-mock spec fidelity',
      ),
    )
    .action(async (document, options) => {
      if (options.yaml && (document === undefined || document === 'fidelity')) {
        throw new UsageError('--yaml requires a document. Pass asyncapi, openapi or sandbox.');
      }
      if (document === undefined) printNames(options.json, terminal);
      else if (document === 'fidelity') await printFidelity(options.json, terminal);
      else {
        const { json, yaml } = DOCUMENTS[document];
        terminal.print((await readPackageFile(options.yaml ? yaml : json)).trimEnd());
      }
    });
