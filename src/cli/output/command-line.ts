/**
 * Commands quoted in messages. Built in one place so that each works when pasted.
 *
 * @module
 */
import { shellWord } from '../../domain/shell.ts';
import { DEFAULT_API_KEY, DEFAULT_SANDBOX_URL } from '../../domain/defaults.ts';
import { keysOf, type KeyOptions } from '../options.ts';

/** The sandbox and account that a command addresses. */
export interface Reach extends KeyOptions {
  readonly sandboxUrl: string;
}

/**
 * A shell expansion that yields the account's key, which is never printed. If the environment holds several keys, it
 * yields the first.
 */
export const keyVariable = (env: NodeJS.ProcessEnv): string =>
  (env['SENDEMALL_MOCK_API_KEY'] ?? '').includes(',')
    ? '${SENDEMALL_MOCK_API_KEY%%,*}'
    : '$SENDEMALL_MOCK_API_KEY';

/**
 * Build a command for the same sandbox and account, quoted for the shell.
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
    ...(sandboxUrl === DEFAULT_SANDBOX_URL ? [] : ['--sandbox-url', shellWord(sandboxUrl)]),
    ...(key === DEFAULT_API_KEY ? [] : ['--api-key', `"${keyVariable(env)}"`]),
  ].join(' ');
};

/** The command in a sentence. */
export const quoted = (command: string): string => `\`${command}\``;
