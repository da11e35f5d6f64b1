/**
 * Reads the files of `verify`: the config file (JSON or a module) and the baseline.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseEnv } from 'node:util';
import { readBaseline } from '../../conformance/run/baseline.ts';
import { CATALOGUE } from '../../conformance/catalogue.ts';
import { readConfig, type VerifyConfig } from '../../conformance/config.ts';
import { readExamples } from '../../conformance/explore/examples.ts';
import type { Event } from '../../conformance/probe/event-maker.ts';
import { OptionsError } from '../../conformance/options.ts';
import type { KnownFailure } from '../../conformance/report.ts';
import { InputError, readInput } from '../input.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { CONFIG_FILE } from './config-name.ts';
import { flagOf } from './needs.ts';

const MODULE = /\.[cm]?[jt]s$/;

const readJson = async (flag: string, file: string, terminal: Terminal): Promise<unknown> => {
  let text: string;
  try {
    text = (await readInput(file, terminal)).toString('utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new UsageError(`Cannot read ${flag} ${file}: ${error.reason}. Pass a JSON file.`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `Invalid JSON in ${flag} ${file}: ${(error as Error).message}. Fix it there, commas and quotes first.`,
    );
  }
};

const loadModule = async (file: string): Promise<unknown> => {
  try {
    const module = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
    if (module.default !== undefined) return module.default;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot load --config ${file}: ${reason.split('\n')[0]}`);
  }
  throw new UsageError(`--config ${file} has no default export. Add \`export default { … }\`.`);
};

export interface ConfigFile {
  readonly config: VerifyConfig;
  /** Directory that paths in the file are relative to. */
  readonly folder: string;
  /** Why the file's secret is not known, with a remedy: its variable is not set. Null if it is known, or not in the file. */
  readonly unsetSecret: string | null;
}

const VARIABLE = /^\$\{(?<name>\w+)\}$/u;

/** A variable from the environment, or else from `.env` in that folder. */
const variableOf = (name: string, folder: string, { env }: Terminal): string | undefined => {
  if (env[name]) return env[name];
  const file = join(folder, '.env');
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8'))[name] : undefined;
};

/** The secret may name a variable, so that the file can be committed. */
const withSecret = (
  config: VerifyConfig,
  { name, folder }: { readonly name: string; readonly folder: string },
  terminal: Terminal,
): ConfigFile => {
  const variable = VARIABLE.exec(config.secret ?? '')?.groups?.['name'];
  if (variable === undefined) return { config, folder, unsetSecret: null };
  const secret = variableOf(variable, folder, terminal);
  return {
    config: { ...config, secret },
    folder,
    unsetSecret: secret
      ? null
      : `${name} takes the secret from ${variable}, which is not set. Set ${variable} in the environment, or in .env beside the file.`,
  };
};

/**
 * Read the config file: the named one, or else `sendemall-mock.json` if the current folder has one. Empty without either.
 *
 * @throws {UsageError} if it cannot be read, parsed or loaded
 * @throws {OptionsError} if its content is invalid
 */
export const loadConfig = async (
  named: string | undefined,
  terminal: Terminal,
): Promise<ConfigFile> => {
  const file = named ?? (existsSync(CONFIG_FILE) ? CONFIG_FILE : undefined);
  if (file === undefined) return { config: {}, folder: '.', unsetSecret: null };
  const given = MODULE.test(file)
    ? await loadModule(file)
    : await readJson('--config', file, terminal);
  const place = { name: file, folder: dirname(resolve(file)) };
  return withSecret(readConfig(given, file), place, terminal);
};

/** As {@link loadConfig}, for a command without other options of the suite. @throws {UsageError} */
export const loadConfigOrFail = async (
  ...args: Parameters<typeof loadConfig>
): Promise<ConfigFile> => {
  try {
    return await loadConfig(...args);
  } catch (error) {
    throw error instanceof OptionsError ? new UsageError(error.describe(flagOf)) : error;
  }
};

export const loadBaseline = async (
  file: string,
  terminal: Terminal,
): Promise<readonly KnownFailure[]> =>
  readBaseline(await readJson('--baseline', file, terminal), file, CATALOGUE);

/** Saved events from a file. @throws {UsageError} or `OptionsError` if it has none */
export const loadExamples = async (file: string, terminal: Terminal): Promise<readonly Event[]> =>
  readExamples(await readJson('--examples', file, terminal), file);
