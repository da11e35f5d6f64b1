/**
 * `explain`: the page of a check.
 *
 * @module
 */
import { Argument, Command } from '@commander-js/extra-typings';
import {
  CHECK_PAGES_FILE,
  checkPageOf,
  verifyCommandOf,
  whyOf,
  type CheckPage,
} from '../../domain/check-page.ts';
import { examples } from '../help.ts';
import { jsonOption } from '../options.ts';
import { table } from '../output/table.ts';
import { readPackageFile } from '../../package-file.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const readPages = async (): Promise<readonly CheckPage[]> =>
  JSON.parse(await readPackageFile(CHECK_PAGES_FILE)) as CheckPage[];

/** Ids that share a word with a mistyped one. */
const similarTo = (id: string, pages: readonly CheckPage[]): readonly string[] => {
  const words = id.toLowerCase().split(/[^a-z0-9]+/u);
  const score = (other: string): number =>
    words.filter((word) => word.length > 2 && other.includes(word)).length;
  return pages
    .map((page) => page.id)
    .filter((other) => score(other) > 0)
    .toSorted((a, b) => score(b) - score(a))
    .slice(0, 3);
};

const unknownCheck = (id: string, pages: readonly CheckPage[]): UsageError => {
  const similar = similarTo(id, pages);
  const hint = similar.length === 0 ? '' : ` Did you mean ${similar.join(', ')}?`;
  return new UsageError(
    `Unknown check "${id}".${hint} List all with sendemall-mock explain, or pass --all.`,
  );
};

const printList = (pages: readonly CheckPage[], terminal: Terminal): void => {
  const rows = pages.map(({ id, level, title }) => [id, level, title]);
  for (const line of table(rows)) terminal.print(line);
};

const printPages = async (pages: readonly CheckPage[], terminal: Terminal): Promise<void> => {
  const markdown = pages.map(checkPageOf).join('\n\n');
  if (!terminal.isInteractive) {
    terminal.print(markdown);
    return;
  }
  const { renderMarkdown } = await import('../output/markdown.ts');
  for (const line of renderMarkdown(markdown, terminal)) terminal.print(line);
};

const runExplain = async (
  id: string | undefined,
  { all, json }: { readonly all?: true | undefined; readonly json?: true | undefined },
  terminal: Terminal,
): Promise<void> => {
  if (all && id !== undefined) {
    throw new UsageError(`--all explains every check. Remove ${id}, or remove --all.`);
  }
  const pages = await readPages();
  const chosen = id === undefined ? pages : pages.filter((page) => page.id === id);
  if (id !== undefined && chosen.length === 0) throw unknownCheck(id, pages);
  if (json) {
    const shown = chosen.map((page) => ({
      ...page,
      why: whyOf(page),
      verify: verifyCommandOf(page),
    }));
    terminal.printJson(id === undefined ? shown : shown[0], true);
  } else if (id === undefined && !all) printList(pages, terminal);
  else await printPages(chosen, terminal);
};

export const explainCommand = (terminal: Terminal) =>
  new Command('explain')
    .description(
      'Explain a check of verify: what it requires and why, the usual cause and fix, a wrong and a right example. Without an argument, lists the checks.',
    )
    .addArgument(new Argument('[check]', 'id of a check, such as signature/missing-header'))
    .option('--all', 'explain every check')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock explain signature/missing-header',
        'sendemall-mock explain --all --json',
      ),
    )
    .action((check, options) => runExplain(check, options, terminal));
