/**
 * Completion scripts for four shells. The scripts are static, but for delivery IDs, which they ask the sandbox for.
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
  /** True if an argument is a delivery ID. */
  readonly takesDelivery: boolean;
}

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
type Shell = (typeof SHELLS)[number];

const wordsOf = ({ commands, flags, values }: Branch): readonly string[] => [
  ...commands.map(({ word }) => word),
  ...values,
  ...flags.map(({ word }) => word),
];

/** Paths of all commands: the script matches words against them to find the current command. */
const steps = (branches: readonly Branch[]): readonly string[] =>
  branches.filter(({ path }) => path.length > 0).map(({ path }) => path.join(' '));

/** A command that prints the newest delivery IDs; nothing without a sandbox. */
const idsCommand = (name: string): string =>
  `${name} deliveries list --limit 50 2>/dev/null | sed -n 's/^\\(dlv_[0-9]*\\).*/\\1/p'`;

const deliveryPaths = (branches: readonly Branch[]): string =>
  branches
    .filter(({ takesDelivery }) => takesDelivery)
    .map(({ path }) => quoteForShell(path.join(' ')))
    .join('|');

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
  case "$at" in
    ${deliveryPaths(branches)}) [[ $current == -* ]] || words="$(${idsCommand(name)}) $words" ;;
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
  case "$at" in
    ${deliveryPaths(branches)}) compadd -- \${(f)"$(${idsCommand(name)})"} ;;
  esac
  _describe ${quoteForShell(name)} entries || _files
}
if [ "$funcstack[1]" = "_${name.replaceAll('-', '_')}" ]; then
  _${name.replaceAll('-', '_')} "$@"
else
  compdef _${name.replaceAll('-', '_')} ${name}
fi`;

const fish = (name: string, branches: readonly Branch[]): string => {
  const lines = branches.flatMap(({ path, commands, flags, values, takesDelivery }) => {
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
      ...(takesDelivery ? [`${start(when)} -f -a ${quoteForShell(`(${idsCommand(name)})`)}`] : []),
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

const psText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const psList = (words: readonly string[]): string => `@(${words.map(psText).join(', ')})`;

/** PowerShell: one table of words by command, and one of values by command and flag. */
const powershell = (name: string, branches: readonly Branch[]): string => {
  const words = branches.map(
    (branch) => `    ${psText(branch.path.join(' '))} = ${psList(wordsOf(branch))}`,
  );
  const values = branches.flatMap(({ path, flags }) =>
    flags
      .filter((flag) => flag.values.length > 0)
      .map((flag) => `    ${psText([...path, flag.word].join(' '))} = ${psList(flag.values)}`),
  );
  const deliveries = branches
    .filter(({ takesDelivery }) => takesDelivery)
    .map(({ path }) => path.join(' '));
  return `# PowerShell completion for ${name}
Register-ArgumentCompleter -Native -CommandName ${psText(name)} -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @{
${words.join('\n')}
  }
  $values = @{
${values.join('\n')}
  }
  $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  $at = ''
  foreach ($word in $before) {
    $next = "$at $word".Trim()
    if ($words.ContainsKey($next)) { $at = $next }
  }
  $found = $words[$at]
  if ($before.Count -gt 0 -and $values.ContainsKey("$at $($before[-1])".Trim())) {
    $found = $values["$at $($before[-1])".Trim()]
  } elseif (${psList(deliveries)} -contains $at -and -not $wordToComplete.StartsWith('-')) {
    $found = @(${name} deliveries list --limit 50 2>$null |
      Select-String -Pattern '^dlv_[0-9]+' | ForEach-Object { $_.Matches[0].Value }) + $found
  }
  $found | Where-Object { $_ -like "$wordToComplete*" } |
    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}`;
};

/** @returns the text of the script for `name` */
export const scriptFor = (shell: Shell, name: string, branches: readonly Branch[]): string => {
  const write = { bash, zsh, fish, powershell }[shell];
  return write(name, branches);
};
