/**
 * The packed package, and projects that install it, below `.tmp/peers`.
 *
 * @module
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Outcome, environment, run } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where everything is installed. */
export const folder = `${root}.tmp/peers`;
export const tarball = `${folder}/sendemall-mock.tgz`;

/** Ends a command that hangs; a busy machine installs for minutes. */
const MAX_COMMAND_MS = 900_000;

/** One thing to try: `attempt` resolves to what it saw in a few words, and rejects with the reason of the failure. */
export interface Step {
  readonly name: string;
  attempt(): Promise<string>;
}

/** Launchers such as that of `npm install --global` take the first node of PATH. */
export const env = {
  ...environment(),
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
};

/** Runs a command to its end, whatever its status. */
export const call = (cwd: string, file: string, ...args: readonly string[]): Promise<Outcome> =>
  run(file, args, { cwd, env, timeout: MAX_COMMAND_MS });

/** Runs a command that must succeed; returns what it printed. */
export const must = async (
  cwd: string,
  file: string,
  ...args: readonly string[]
): Promise<string> => {
  const { status, output } = await call(cwd, file, ...args);
  if (status !== 0) throw new Error(`${[file, ...args].join(' ')} ends with ${status}:\n${output}`);
  return output;
};

const NPM_INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

/** An empty project, or a copy of `sample`. */
export const emptyProject = (name: string, sample?: string): string => {
  const at = `${folder}/${name}`;
  rmSync(at, { recursive: true, force: true });
  mkdirSync(at, { recursive: true });
  if (sample === undefined) writeFileSync(`${at}/package.json`, '{ "private": true }\n');
  else cpSync(sample, at, { recursive: true });
  return at;
};

/** Installs the package and others into a project, as npm does it without flags that change the outcome. */
export const install = (at: string, ...packages: readonly string[]): Promise<string> =>
  must(at, 'npm', ...NPM_INSTALL, tarball, ...packages);

/** Compiler errors that are not in the declarations of other packages: those may be wrong by themselves. */
export const ownErrors = ({ status, output }: Outcome): readonly string[] => {
  const errors = output
    .split('\n')
    .filter((line) => /error TS\d+:/u.test(line))
    // A folder above is this repository: a user's project is elsewhere.
    .filter((line) => !/^(?:\.\.\/)*node_modules\/(?!sendemall-mock\/)/u.test(line));
  const isCompiler = status === 0 || /error TS\d+:/u.test(output);
  return isCompiler ? errors : [output];
};

/** Builds and packs the checkout. */
export const pack = async (): Promise<void> => {
  mkdirSync(folder, { recursive: true });
  await must(root, process.execPath, '.config/build.ts');
  const flags = ['--silent', '--ignore-scripts', '--pack-destination', folder];
  const packed = await must(root, 'npm', 'pack', ...flags);
  cpSync(`${folder}/${packed.trim().split('\n').at(-1) ?? ''}`, tarball);
};
