/**
 * Commands that messages advise: the one place that writes them, so that each works when it is pasted.
 *
 * @module
 */
import { shellWord } from '../../domain/shell.ts';
import { DEFAULT_API_KEY, keysOf, type KeyOptions } from '../options.ts';

/** The sandbox and the account that a command is about. */
export interface Reach extends KeyOptions {
  readonly sandboxUrl: string;
}

const DEFAULT_URL = 'http://127.0.0.1:7363';

/**
 * What the shell expands to the account's key, which is never written out. Where the environment has several keys,
 * separated by commas, the first is the account's.
 */
export const keyVariable = (env: NodeJS.ProcessEnv): string =>
  (env['SENDEMALL_MOCK_API_KEY'] ?? '').includes(',')
    ? '${SENDEMALL_MOCK_API_KEY%%,*}'
    : '$SENDEMALL_MOCK_API_KEY';

/**
 * A command for the same sandbox and account, quoted for the shell.
 *
 * @example
 * ```ts
 * commandLine(['clock', 'show'], { sandboxUrl: 'http://127.0.0.1:4000' }, {});
 * // 'sendemall-mock clock show --sandbox-url http://127.0.0.1:4000'
 * ```
 */
export const commandLine = (
  words: readonly string[],
  { sandboxUrl, apiKey }: Reach,
  env: NodeJS.ProcessEnv,
): string => {
  const key = apiKey ?? keysOf(env)[0] ?? DEFAULT_API_KEY;
  return [
    'sendemall-mock',
    ...words.map(shellWord),
    ...(sandboxUrl === DEFAULT_URL ? [] : ['--sandbox-url', shellWord(sandboxUrl)]),
    ...(key === DEFAULT_API_KEY ? [] : ['--api-key', `"${keyVariable(env)}"`]),
  ].join(' ');
};

/** The command in a sentence. */
export const quoted = (command: string): string => `\`${command}\``;
