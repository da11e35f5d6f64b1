/**
 * The command that makes one check again: the flags of this run, but for those that choose checks and reports.
 *
 * @module
 */
import { shellWord } from '../../domain/shell.ts';
import type { VerifyFlags } from './settings.ts';

type Member = keyof VerifyFlags;

/** What says how to reach the receiver and its hooks. */
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
 * Neither the secret nor a key stands in it; both are read from the environment. Without the seed: with it the events
 * would have the ids of this run, which the receiver knows by now.
 *
 * @param argument the receiver's URL; left out where the configuration file has it
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
