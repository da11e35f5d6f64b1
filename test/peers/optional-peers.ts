/**
 * The package beside every supported major of its optional peers: type-checked without `skipLibCheck`, and run.
 *
 * @module
 */
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Step, call, emptyProject, install, must, ownErrors } from './packed.ts';

const sample = fileURLToPath(new URL('../vitest/sample', import.meta.url));
const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));

const VITEST = ['2.1.9', '3.0.9', '3.2.7', '4.0.18', '4.1.12', '5.0.0', '5.1.2'];
const TESTCONTAINERS = ['10.28.0', '11.14.0', '12.2.0'];
const MIN_VITEST = 3;
const NEEDS = /requires vitest 3 or newer; found vitest/u;

const CONTAINER = `
import { SendEmAllContainer } from 'sendemall-mock/testcontainers';
export const start = () => new SendEmAllContainer('sendemall-mock').withClock('skip').withDatabase().start();
export const url = async (): Promise<string> => (await start()).getBaseUrl();
`;

const project = async (name: string, peer: string): Promise<string> => {
  const at = emptyProject(name, sample);
  await install(at, 'zod@4', '@types/node@24', peer);
  await must(at, 'npx', '--no-install', 'sendemall-mock', '--version');
  return at;
};

const typeCheck = async (at: string): Promise<void> => {
  const errors = ownErrors(await call(at, tsc, '-p', 'tsconfig.json'));
  if (errors.length > 0) throw new Error(errors.join('\n'));
};

const vitest = async (version: string): Promise<string> => {
  const at = await project(`vitest-${version}`, `vitest@${version}`);
  const { status, output } = await call(at, 'npx', '--no-install', 'vitest', 'run');
  if (Number.parseInt(version, 10) < MIN_VITEST) {
    if (!NEEDS.test(output)) throw new Error(`It does not say what is required:\n${output}`);
    return 'refused in one line';
  }
  if (status !== 0) throw new Error(output);
  await typeCheck(at);
  return /\d+ passed/u.exec(output)?.[0] ?? '';
};

const testcontainers = async (version: string): Promise<string> => {
  const at = await project(`testcontainers-${version}`, `testcontainers@${version}`);
  for (const file of ['receiver.spec.ts', 'vitest.config.ts']) rmSync(`${at}/${file}`);
  writeFileSync(`${at}/container.ts`, CONTAINER);
  await typeCheck(at);
  await must(at, process.execPath, '--eval', "import('sendemall-mock/testcontainers')");
  return 'types, import';
};

export const VITEST_STEPS: readonly Step[] = VITEST.map((version) => ({
  name: `vitest ${version}`,
  attempt: () => vitest(version),
}));

export const TESTCONTAINERS_STEPS: readonly Step[] = TESTCONTAINERS.map((version) => ({
  name: `testcontainers ${version}`,
  attempt: () => testcontainers(version),
}));
