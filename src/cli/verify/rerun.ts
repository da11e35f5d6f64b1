/**
 * Command that repeats one check or the whole run: the flags of this run, except those that select reports.
 *
 * @module
 */
import { shellWord } from '../../domain/shell.ts';
import type { Hooks } from '../../conformance/hooks/hooks.ts';
import type { VerifyFlags } from './settings.ts';

type Member = keyof VerifyFlags;

/** Flags that define how to reach the receiver and its hooks. */
const VALUES = [
  ['config', '--config'],
  ['timeout', '--timeout'],
  ['time', '--time'],
  ['concurrency', '--concurrency'],
  ['leadEmail', '--lead-email'],
  ['examples', '--examples'],
  ['effectsUrl', '--effects-url'],
  ['effectsSink', '--effects-sink'],
  ['stateUrl', '--state-url'],
  ['faultUrl', '--fault-url'],
  ['restartCommand', '--restart-command'],
  ['recoverUrl', '--recover-url'],
  ['recoverCommand', '--recover-command'],
  ['exec', '--exec'],
  ['secretEnv', '--secret-env'],
  ['execTimeout', '--exec-timeout'],
  ['sandboxUrl', '--sandbox-url'],
] as const satisfies readonly (readonly [Member, string])[];

const SWITCHES = [
  ['insecure', '--insecure'],
  ['pauses', '--pauses'],
  ['thorough', '--thorough'],
] as const satisfies readonly (readonly [Member, string])[];

/** The flags that select checks, for a command that repeats the whole run. */
const selectionOf = ({ only = [], skip = [] }: VerifyFlags): readonly string[] => [
  ...only.map((globs) => `--only ${shellWord(globs)}`),
  ...skip.map((globs) => `--skip ${shellWord(globs)}`),
];

/**
 * Build the command. It reads the secret and the key from the environment, so that neither is printed. With the seed of
 * this run it sends the same events; if hooks look at their effects, with new IDs, because the receiver has already
 * processed those of this run.
 *
 * @param argument the receiver's URL; undefined if the config file has it
 */
export const rerunWith =
  (
    argument: string | undefined,
    flags: VerifyFlags,
    { effects, state }: Pick<Hooks, 'effects' | 'state'>,
  ) =>
  (id: string | null, seed: number): string =>
    [
      'sendemall-mock verify',
      ...(argument === undefined ? [] : [shellWord(argument)]),
      ...(id === null ? selectionOf(flags) : [`--only ${id}`]),
      `--seed ${seed}`,
      ...(effects === undefined && state === undefined ? [] : ['--fresh-ids']),
      ...(flags.secret === undefined ? [] : ['--secret "${SENDEMALL_MOCK_SECRET:?set it first}"']),
      ...(flags.events ?? []).map((types) => `--events ${shellWord(types)}`),
      ...(flags.sinkEnv ?? []).map((names) => `--sink-env ${shellWord(names)}`),
      ...(flags.header ?? []).map((line) => `--header ${shellWord(line)}`),
      ...SWITCHES.flatMap(([member, flag]) => (flags[member] === true ? [flag] : [])),
      ...VALUES.flatMap(([member, flag]) => {
        const value = flags[member];
        return value === undefined ? [] : [`${flag} ${shellWord(String(value))}`];
      }),
      ...(flags.apiKey === undefined
        ? []
        : ['--api-key "${SENDEMALL_MOCK_API_KEY:?set it first}"']),
    ].join(' ');
