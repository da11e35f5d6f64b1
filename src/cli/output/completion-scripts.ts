/**
 * Completion scripts for three shells, from a tree of commands. The scripts call nothing: they are quick.
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

/** One command, by the words that lead to it. */
export interface Branch {
  readonly path: readonly string[];
  readonly commands: readonly Word[];
  readonly flags: readonly Flag[];
  /** Values of its arguments, where they are known. */
  readonly values: readonly string[];
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const wordsOf = ({ commands, flags, values }: Branch): readonly string[] => [
  ...commands.map(({ word }) => word),
  ...values,
  ...flags.map(({ word }) => word),
];

/** The words that lead on from a command: what the script follows to find out where it is. */
const steps = (branches: readonly Branch[]): readonly string[] =>
  branches.filter(({ path }) => path.length > 0).map(({ path }) => path.join(' '));

/** Shared by bash and zsh: finds the command that the line has come to in `at`. */
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

/** Values of a flag, by a pattern for the command and the flag: a flag means the same in most commands, not in all. */
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
