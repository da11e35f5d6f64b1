/**
 * `docs`: prints the documentation that comes with the package.
 *
 * @module
 */
import { Argument, Command } from '@commander-js/extra-typings';
import { DOC_TOPICS } from '../../domain/doc-topics.ts';
import { examples } from '../help.ts';
import { jsonOption } from '../options.ts';
import { table } from '../output/table.ts';
import { readPackageFile } from '../../package-file.ts';
import type { Terminal } from '../terminal.ts';

const NAMES = Object.keys(DOC_TOPICS) as (keyof typeof DOC_TOPICS)[];

const printTopics = (json: boolean | undefined, terminal: Terminal): void => {
  if (json) {
    terminal.printJson(
      NAMES.map((topic) => ({ topic, about: DOC_TOPICS[topic] })),
      true,
    );
    return;
  }
  for (const line of table(
    NAMES.map((topic) => [terminal.style('bold', topic), DOC_TOPICS[topic]]),
  )) {
    terminal.print(line);
  }
};

export const docs = (terminal: Terminal) =>
  new Command('docs')
    .description(
      'Print a page of the documentation: rendered in a terminal, as Markdown otherwise. Without an argument, lists the topics.',
    )
    .addArgument(new Argument('[topic]', 'page to print').choices(NAMES))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sendemall-mock docs',
        'sendemall-mock docs hooks',
        'sendemall-mock docs http-api > http-api.md',
      ),
    )
    .action(async (topic, { json }) => {
      if (topic === undefined) {
        printTopics(json, terminal);
        return;
      }
      const markdown = await readPackageFile(`src/docs/${topic}.md`);
      if (json) terminal.printJson({ topic, about: DOC_TOPICS[topic], markdown }, true);
      else if (terminal.isInteractive) {
        const { renderMarkdown } = await import('../output/markdown.ts');
        for (const line of renderMarkdown(markdown, terminal)) terminal.print(line);
      } else terminal.print(markdown.trimEnd());
    });
