/**
 * Completion scripts for three shells. The scripts are static: completing runs no command.
 *
 * @module
 */
import { quoteForShell } from '../../domain/shell.ts';

export interface Word {
  readonly word: string;
  readonly about: string;
}

export interface Flag extends Word {
  readonly takesValue: boolean;
  readonly values: readonly string[];
}

/** A command, identified by the words of its path. */
export interface Branch {
  readonly path: readonly string[];
  readonly commands: readonly Word[];
  readonly flags: readonly Flag[];
  /** Choices of its arguments. */
  readonly values: readonly string[];
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const wordsOf = ({ commands, flags, values }: Branch): readonly string[] => [
  ...commands.map(({ word }) => word),
  ...values,
  ...flags.map(({ word }) => word),
];

/** Paths of all commands: the script matches words against them to find the current command. */
const steps = (branches: readonly Branch[]): readonly string[] =>
  branches.filter(({ path }) => path.length > 0).map(({ path }) => path.join(' '));

/** Code shared by bash and zsh: sets `at` to the path of the current command. */
const walk = (branches: readonly Branch[]): string => `  local at='' word
  for word in "\${before[@]}"; do
    case "$at $word" in
${steps(branches)
  .map(
    (path) =>
      `      ${quoteForShell(`${path.includes(' ') ? '' : ' '}${path}`)}) at=${quoteForShell(path)} ;;`,
  )
  .join('\n')}
    esac
  done`;

/** Values of a flag by a pattern of command and flag. Most flags have the same values in all commands; others get their own pattern. */
const valuesByPattern = (
  branches: readonly Branch[],
): readonly (readonly [string, readonly string[]])[] => {
  const common = new Map<string, readonly string[]>();
  const own: [string, readonly string[]][] = [];
  for (const { path, flags } of branches) {
    for (const { word, values } of flags.filter(({ takesValue }) => takesValue)) {
      const known = common.get(word);
      if (known === undefined) common.set(word, values);
      else if (known.join() !== values.join())
        own.push([quoteForShell(`${path.join(' ')} ${word}`), values]);
    }
  }
  return [...own, ...[...common].map(([word, values]) => [`*' ${word}'`, values] as const)];
};

const bash = (name: string, branches: readonly Branch[]): string => `# bash completion for ${name}
_${name.replaceAll('-', '_')}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local before=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
${walk(branches)}
  case "$at $previous" in
${valuesByPattern(branches)
  .map(([flag, values]) =>
    values.length > 0
      ? `    ${flag}) COMPREPLY=($(compgen -W ${quoteForShell(values.join(' '))} -- "$current")); return ;;`
      : `    ${flag}) COMPREPLY=($(compgen -f -- "$current")); return ;;`,
  )
  .join('\n')}
  esac
  local words=''
  case "$at" in
${branches.map((branch) => `    ${quoteForShell(branch.path.join(' '))}) words=${quoteForShell(wordsOf(branch).join(' '))} ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ \${#COMPREPLY[@]} -gt 0 || $current == -* ]] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _${name.replaceAll('-', '_')} ${name}`;

const described = ({ word, about }: Word): string =>
  quoteForShell(`${word.replaceAll(':', String.raw`\:`)}:${about.replaceAll(':', String.raw`\:`)}`);

const zsh = (name: string, branches: readonly Branch[]): string => `#compdef ${name}
_${name.replaceAll('-', '_')}() {
  local before=("\${(@)words[2,CURRENT-1]}")
${walk(branches)}
  case "$at \${words[CURRENT-1]}" in
${valuesByPattern(branches)
  .map(([flag, values]) =>
    values.length > 0
      ? `    ${flag}) compadd -- ${values.map(quoteForShell).join(' ')}; return ;;`
      : `    ${flag}) _files; return ;;`,
  )
  .join('\n')}
  esac
  local -a entries
  case "$at" in
${branches
  .map((branch) => {
    const values = branch.values.map((word) => ({ word, about: '' }));
    const entries = [...branch.commands, ...values, ...branch.flags].map(described);
    return `    ${quoteForShell(branch.path.join(' '))}) entries=(${entries.join(' ')}) ;;`;
  })
  .join('\n')}
  esac
  _describe ${quoteForShell(name)} entries || _files
}
if [ "$funcstack[1]" = "_${name.replaceAll('-', '_')}" ]; then
  _${name.replaceAll('-', '_')} "$@"
else
  compdef _${name.replaceAll('-', '_')} ${name}
fi`;

const fish = (name: string, branches: readonly Branch[]): string => {
  const lines = branches.flatMap(({ path, commands, flags, values }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const notYet =
      commands.length > 0 && path.length > 0
        ? [`not __fish_seen_subcommand_from ${commands.map(({ word }) => word).join(' ')}`]
        : [];
    const when = path.length === 0 ? '__fish_use_subcommand' : [...seen, ...notYet].join('; and ');
    const always = path.length === 0 ? '__fish_use_subcommand' : seen.join('; and ');
    const start = (condition: string) => `complete -c ${name} -n ${quoteForShell(condition)}`;
    return [
      ...commands.map(
        ({ word, about }) => `${start(when)} -f -a ${word} -d ${quoteForShell(about)}`,
      ),
      ...values.map((value) => `${start(when)} -f -a ${quoteForShell(value)}`),
      ...flags.map(
        ({ word, about, takesValue, values: choices }) =>
          `${start(always)} -l ${word.slice(2)} -d ${quoteForShell(about)}${takesValue ? ' -r' : ''}${
            choices.length > 0 ? ` -f -a ${quoteForShell(choices.join(' '))}` : ''
          }`,
      ),
    ];
  });
  return [`# fish completion for ${name}`, ...lines].join('\n');
};

/** @returns the text of the script for `name` */
export const scriptFor = (shell: Shell, name: string, branches: readonly Branch[]): string => {
  const write = { bash, zsh, fish }[shell];
  return write(name, branches);
};
