/**
 * `completion`: prints a completion script, generated from the commands and their flags.
 *
 * @module
 */
import { Argument, Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { CATALOGUE } from '../../conformance/catalogue.ts';
import { examples } from '../help.ts';
import { filterWords } from '../output/filter-help.ts';
import { scriptFor, SHELLS, type Branch } from '../output/completion-scripts.ts';
import type { Terminal } from '../terminal.ts';

/** Values of flags that take more than their choices, such as globs or a format with a file. */
const VALUES: Readonly<Record<string, () => readonly string[]>> = {
  '--only': () => CATALOGUE.map(({ id }) => id),
  '--skip': () => CATALOGUE.map(({ id }) => id),
  '--report': () => ['pretty', 'json', 'junit', 'html', 'markdown', 'sarif'],
  '--filter': filterWords,
  '--clock': () => ['realtime', 'skip', 'frozen', '60x'],
};

/** Flatten the command tree for the scripts. */
const branchesOf = (command: CommandUnknownOpts, path: readonly string[] = []): Branch[] => {
  const help = command.createHelp();
  const children = command.commands.filter((child) => child.name() !== 'help');
  const here: Branch = {
    path,
    commands: children.map((child) => ({
      word: child.name(),
      about: child.summary() || child.description(),
    })),
    flags: help.visibleOptions(command).flatMap((option) =>
      option.long === undefined || option.long === null
        ? []
        : [
            {
              word: option.long,
              about: option.description,
              takesValue: option.required,
              values: option.argChoices ?? VALUES[option.long]?.() ?? [],
            },
          ],
    ),
    values: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    takesDelivery:
      path[0] === 'deliveries' && command.registeredArguments.some((one) => one.name() === 'id'),
  };
  return [here, ...children.flatMap((child) => branchesOf(child, [...path, child.name()]))];
};

export const completion = (terminal: Terminal) =>
  new Command('completion')
    .description('Print a shell completion script.')
    .addArgument(
      new Argument('[shell]', 'shell to complete for').choices(SHELLS).default('bash' as const),
    )
    .addHelpText(
      'after',
      examples(
        'source <(sendemall-mock completion bash)',
        'sendemall-mock completion zsh > "${fpath[1]}/_sendemall-mock"',
        'sendemall-mock completion fish \\',
        '  > ~/.config/fish/completions/sendemall-mock.fish',
        'sendemall-mock completion powershell | Out-String | Invoke-Expression',
      ),
    )
    .action((shell, _options, command) => {
      const program = command.parent as unknown as CommandUnknownOpts;
      terminal.print(scriptFor(shell, program.name(), branchesOf(program)));
    });
