/**
 * Command that repeats one check: the flags of this run, except those that select checks and reports.
 *
 * @module
 */
import { shellWord } from '../../domain/shell.ts';
import type { VerifyFlags } from './settings.ts';

type Member = keyof VerifyFlags;

/** Flags that define how to reach the receiver and its hooks. */
const VALUES = [
  ['config', '--config'],
  ['timeout', '--timeout'],
  ['time', '--time'],
  ['concurrency', '--concurrency'],
  ['effectsUrl', '--effects-url'],
  ['effectsSink', '--effects-sink'],
  ['stateUrl', '--state-url'],
  ['faultUrl', '--fault-url'],
  ['restartCommand', '--restart-command'],
  ['recoverUrl', '--recover-url'],
  ['recoverCommand', '--recover-command'],
  ['sandboxUrl', '--sandbox-url'],
] as const satisfies readonly (readonly [Member, string])[];

const SWITCHES = [
  ['insecure', '--insecure'],
  ['pauses', '--pauses'],
] as const satisfies readonly (readonly [Member, string])[];

/**
 * Build the command. It reads the secret and the key from the environment, so that neither is printed. It omits the seed:
 * with it, events would have the IDs of this run, which the receiver has already processed.
 *
 * @param argument the receiver's URL; undefined if the config file has it
 */
export const rerunWith =
  (argument: string | undefined, flags: VerifyFlags) =>
  (id: string): string =>
    [
      'sendemall-mock verify',
      ...(argument === undefined ? [] : [shellWord(argument)]),
      `--only ${id}`,
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
