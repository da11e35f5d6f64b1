/**
 * `spec`: the contract as documents, and the ledger of what in it is documented and what is assumed.
 *
 * @module
 */
import { Argument, Command, Option } from '@commander-js/extra-typings';
import { jsonOption } from '../options.ts';
import { table } from '../output/table.ts';
import { readPackageFile } from '../package-file.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

interface Document {
  readonly about: string;
  readonly json: string;
  readonly yaml: string;
}

const DOCUMENTS = {
  asyncapi: {
    about: 'the events: payloads, signature, delivery and retries (AsyncAPI 3)',
    json: 'schemas/json/asyncapi.json',
    yaml: 'schemas/yaml/asyncapi.yaml',
  },
  openapi: {
    about: "the provider's API: webhooks and failed events (OpenAPI 3.1)",
    json: 'schemas/json/openapi.json',
    yaml: 'schemas/yaml/openapi.yaml',
  },
  sandbox: {
    about: "the sandbox's own API (OpenAPI 3.1)",
    json: 'schemas/json/sandbox.openapi.json',
    yaml: 'schemas/yaml/sandbox.openapi.yaml',
  },
} as const satisfies Record<string, Document>;

const NAMES = ['asyncapi', 'openapi', 'sandbox', 'fidelity'] as const;

const FIDELITY_ABOUT =
  'what is documented by the provider and what is assumed, with source or reason';

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
      'Prints the contract: the documents that the sandbox is made from, and what in them is assumed.',
    )
    .addArgument(new Argument('[document]', 'which one; none lists them').choices(NAMES))
    .addOption(new Option('--yaml', 'print it as YAML').conflicts('json'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  sendemall-mock spec asyncapi > asyncapi.json
  sendemall-mock spec openapi --yaml
  sendemall-mock spec fidelity`,
    )
    .action(async (document, options) => {
      if (options.yaml && (document === undefined || document === 'fidelity')) {
        throw new UsageError('--yaml needs a document: asyncapi, openapi or sandbox.');
      }
      if (document === undefined) printNames(options.json, terminal);
      else if (document === 'fidelity') await printFidelity(options.json, terminal);
      else {
        const { json, yaml } = DOCUMENTS[document];
        terminal.print((await readPackageFile(options.yaml ? yaml : json)).trimEnd());
      }
    });
