/**
 * Options of `serve` from the configuration file that it shares with `verify`: URL, secret and clock.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { httpUrl } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { CONFIG_FILE } from '../verify/config-name.ts';
import type { ServeFlags } from './options.ts';

const urlOf = (file: string, url: string): string => {
  try {
    return httpUrl(url);
  } catch (error) {
    throw new UsageError(`Invalid url "${url}" in ${file}. ${(error as Error).message}`);
  }
};

/**
 * Fill in what neither flags nor the environment give.
 *
 * @param isClockGiven true if the clock is not the default
 * @throws {UsageError} if the file cannot be read or is invalid
 */
export const withConfig = async (
  flags: ServeFlags,
  isClockGiven: boolean,
  terminal: Terminal,
): Promise<ServeFlags> => {
  if (flags.config === undefined && !existsSync(CONFIG_FILE)) return flags;
  // Loaded on demand: without a file `serve` starts faster.
  const { loadConfigOrFail } = await import('../verify/config-file.ts');
  const secretIsGiven = (flags.secret ?? terminal.env['SENDEMALL_MOCK_SECRET'] ?? '') !== '';
  const { config, unsetSecret } = await loadConfigOrFail(flags.config, terminal);
  if (unsetSecret !== null && !secretIsGiven) throw new UsageError(unsetSecret);
  const file = flags.config ?? CONFIG_FILE;
  const forwardTo =
    flags.forwardTo ?? (config.url === undefined ? undefined : urlOf(file, config.url));
  const secret = secretIsGiven || forwardTo === undefined ? flags.secret : config.secret;
  terminal.note(`Read ${file}.`);
  return {
    ...flags,
    ...(forwardTo === undefined ? {} : { forwardTo }),
    ...(secret === undefined ? {} : { secret }),
    ...(isClockGiven || config.clock === undefined ? {} : { clock: config.clock }),
  };
};
