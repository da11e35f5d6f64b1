/**
 * `docs`: prints the documentation that comes with the package.
 *
 * @module
 */
import { Argument, Command } from '@commander-js/extra-typings';
import { examples } from '../help.ts';
import { jsonOption } from '../options.ts';
import { table } from '../output/table.ts';
import { readPackageFile } from '../package-file.ts';
import type { Terminal } from '../terminal.ts';

/** The pages of `src/docs/`, in reading order. */
const TOPICS = {
  sandbox: 'register, trigger, deliver; accounts; in code',
  'http-api': 'the same with curl; every path',
  clock: 'retries in milliseconds: modes, advance',
  'campaigns-and-faults': 'simulated campaigns, scenarios, sender-side faults',
  verify: 'judge a receiver; options; every check',
  hooks: 'show the suite what a status code cannot; sinks',
  vitest: 'a sandbox in every test; other test runners',
  recipes: 'tests without Node: pytest, Go, JUnit, PHPUnit',
  'containers-and-ci': 'image, testcontainers, GitHub, GitLab',
  configuration: 'every option of serve, its default and its limits',
  troubleshooting: 'a signature that does not match; nothing arrives',
  'coming-from': 'Stripe CLI, ngrok, WireMock: what is called what',
  fidelity: 'what is documented and what is assumed',
  security: 'what it listens to, delivers to and never prints',
  figures: 'what was measured',
} as const;

const NAMES = Object.keys(TOPICS) as (keyof typeof TOPICS)[];

const printTopics = (json: boolean | undefined, terminal: Terminal): void => {
  if (json) {
    terminal.printJson(
      NAMES.map((topic) => ({ topic, about: TOPICS[topic] })),
      true,
    );
    return;
  }
  for (const line of table(NAMES.map((topic) => [terminal.style('bold', topic), TOPICS[topic]]))) {
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
      if (json) terminal.printJson({ topic, about: TOPICS[topic], markdown }, true);
      else if (terminal.isInteractive) {
        const { renderMarkdown } = await import('../output/markdown.ts');
        for (const line of renderMarkdown(markdown, terminal)) terminal.print(line);
      } else terminal.print(markdown.trimEnd());
    });
