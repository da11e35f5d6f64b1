/**
 * Reads the files of `verify`: the config file (JSON or a module) and the baseline.
 *
 * @module
 */
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readBaseline } from '../../conformance/run/baseline.ts';
import { CATALOGUE } from '../../conformance/catalogue.ts';
import { readConfig, type VerifyConfig } from '../../conformance/config.ts';
import { readExamples } from '../../conformance/explore/examples.ts';
import type { Event } from '../../conformance/probe/event-maker.ts';
import type { KnownFailure } from '../../conformance/report.ts';
import { InputError, readInput } from '../input.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

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
}

/**
 * Read the config file; empty if `file` is undefined.
 *
 * @throws {UsageError} if it cannot be read, parsed or loaded
 * @throws {OptionsError} if its content is invalid
 */
export const loadConfig = async (
  file: string | undefined,
  terminal: Terminal,
): Promise<ConfigFile> => {
  if (file === undefined) return { config: {}, folder: '.' };
  const given = MODULE.test(file)
    ? await loadModule(file)
    : await readJson('--config', file, terminal);
  return { config: readConfig(given, file), folder: dirname(resolve(file)) };
};

export const loadBaseline = async (
  file: string,
  terminal: Terminal,
): Promise<readonly KnownFailure[]> =>
  readBaseline(await readJson('--baseline', file, terminal), file, CATALOGUE);

/** Saved events from a file. @throws {UsageError} or `OptionsError` if it has none */
export const loadExamples = async (file: string, terminal: Terminal): Promise<readonly Event[]> =>
  readExamples(await readJson('--examples', file, terminal), file);
