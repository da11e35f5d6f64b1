/**
 * How a source file of each language becomes a running process, and which languages this machine has.
 *
 * @module
 */
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FieldLanguage } from './catalogue.ts';

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

const run = promisify(execFile);

/** The oldest Java that runs a source file with the syntax used here. */
const MIN_JAVA = 17;

const versionOf = (command: string, ...flags: readonly string[]): string | null => {
  const { status, stdout, stderr } = spawnSync(command, flags, { encoding: 'utf8' });
  return status === 0 ? `${stdout}${stderr}` : null;
};

const missingJava = (): string | null => {
  const version = versionOf('java', '-version');
  if (version === null) return 'java is not installed';
  const major = Number(/version "(\d+)/.exec(version)?.[1] ?? 0);
  return major >= MIN_JAVA ? null : `java ${major} is older than ${MIN_JAVA}`;
};

/** Its receivers need two libraries beyond the standard ones. */
const missingRuby = (): string | null => {
  if (versionOf('ruby', '--version') === null) return 'ruby is not installed';
  const libraries = versionOf('ruby', '-e', 'require "sqlite3"; require "webrick"');
  return libraries === null ? 'ruby has no sqlite3 or no webrick' : null;
};

const missingPhp = (): string | null => {
  const modules = versionOf('php', '-m');
  if (modules === null) return 'php is not installed';
  const missing = ['pdo_sqlite', 'pcntl'].filter((name) => !modules.includes(name));
  return missing.length === 0 ? null : `php has no ${missing.join(', ')}`;
};

/** Why receivers in this language cannot be started here; null when they can. */
export const missingToolchain = (language: FieldLanguage): string | null => {
  switch (language) {
    case 'node':
      return null;
    case 'python':
      return versionOf('python3', '--version') === null ? 'python3 is not installed' : null;
    case 'go':
      return versionOf('go', 'version') === null ? 'go is not installed' : null;
    case 'java':
      return missingJava();
    case 'ruby':
      return missingRuby();
    case 'php':
      return missingPhp();
  }
};

/** Compiles what must be compiled. @param folder takes what the compiler writes */
export const prepare = async (
  language: FieldLanguage,
  source: string,
  folder: string,
): Promise<Program> => {
  switch (language) {
    case 'node':
      return { command: process.execPath, args: ['--disable-warning=ExperimentalWarning', source] };
    case 'python':
      return { command: 'python3', args: [source] };
    case 'go': {
      const binary = join(folder, 'receiver');
      await run('go', ['build', '-o', binary, source]);
      return { command: binary, args: [] };
    }
    case 'java':
      return { command: 'java', args: ['-XX:TieredStopAtLevel=1', source] };
    case 'ruby':
      return { command: 'ruby', args: [source] };
    case 'php':
      return { command: 'php', args: [source] };
  }
};
