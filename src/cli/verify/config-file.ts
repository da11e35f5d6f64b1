/**
 * Files that `verify` reads: its configuration (JSON or a module) and its baseline.
 *
 * @module
 */
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readBaseline } from '../../conformance/run/baseline.ts';
import { CATALOGUE } from '../../conformance/catalogue.ts';
import { readConfig, type VerifyConfig } from '../../conformance/config.ts';
import type { KnownFailure } from '../../conformance/report.ts';
import { readInput } from '../input.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const MODULE = /\.[cm]?[jt]s$/;

const readJson = async (flag: string, file: string, terminal: Terminal): Promise<unknown> => {
  let text: string;
  try {
    text = (await readInput(file, terminal)).toString('utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(
      `${flag}: ${error.message.replace(/ Give a file.*$/, ' Give a file of JSON.')}`,
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(
      `${flag} ${file} is no JSON${MODULE.test(file) ? '' : ': look at it with `npx --yes jsonlint` or an editor, commas and quotes first'}.`,
    );
  }
};

const loadModule = async (file: string): Promise<unknown> => {
  try {
    const module = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
    if (module.default !== undefined) return module.default;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--config ${file} cannot be loaded: ${reason.split('\n')[0]}`);
  }
  throw new UsageError(`--config ${file} exports no default: write \`export default { … }\`.`);
};

export interface ConfigFile {
  readonly config: VerifyConfig;
  /** Paths in it start here. */
  readonly folder: string;
}

/** An empty one when none is named. */
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
