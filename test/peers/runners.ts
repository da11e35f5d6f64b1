/**
 * `createMock` in the other test runners: each runs one test, and exits on its own.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { type Step, call, emptyProject, install, must } from './packed.ts';

/** The body of a test: an event whose receiver is down becomes a dead letter. */
const body = (equal: string): string => `
  const mock = await createMock({ clock: 'skip' });
  const client = createClient({ baseUrl: mock.url, apiKey: 'a-test' });
  await client.webhooks.create({ url: 'http://127.0.0.1:9/', events: ['*'], secret: 'whsec_a-test' });
  const { deliveries } = await client.events.trigger({ event: 'email.replied' });
  const { delivery } = await client.deliveries.wait(deliveries[0].id);
  await mock.close();
  ${equal}(delivery.status, 'dead');
`;

const IMPORT = "import { createClient, createMock } from 'sendemall-mock';\n";
const ASSERT = `import assert from 'node:assert/strict';\n${IMPORT}`;
const JEST_EQUAL = '((actual, expected) => expect(actual).toBe(expected))';

interface Runner {
  readonly name: string;
  readonly file: string;
  readonly source: string;
  readonly command: readonly [string, ...(readonly string[])];
}

const npx = (...args: readonly string[]): Runner['command'] => ['npx', '--no-install', ...args];

const RUNNERS: readonly Runner[] = [
  {
    name: 'node --test',
    file: 'node/a.test.mjs',
    source: `${ASSERT}import { test } from 'node:test';\ntest('a', async () => {${body('assert.equal')}});`,
    command: [process.execPath, '--test', 'node/a.test.mjs'],
  },
  {
    name: 'mocha',
    file: 'mocha/a.mjs',
    source: `${ASSERT}it('a', async () => {${body('assert.equal')}});`,
    command: npx('mocha', '--timeout', '120000', 'mocha/a.mjs'),
  },
  {
    name: 'mocha, CommonJS',
    file: 'mocha/a.cjs',
    source: `const assert = require('node:assert/strict');
const { createClient, createMock } = require('sendemall-mock');
it('a', async () => {${body('assert.equal')}});`,
    command: npx('mocha', '--timeout', '120000', 'mocha/a.cjs'),
  },
  {
    name: 'ava',
    file: 'ava/a.mjs',
    source: `import test from 'ava';\n${IMPORT}test('a', async (t) => {${body('t.is')}});`,
    command: npx('ava', '--timeout=2m', 'ava/a.mjs'),
  },
  {
    name: 'tap',
    file: 'tap/a.mjs',
    source: `import t from 'tap';\n${IMPORT}t.test('a', async (t) => {${body('t.equal')}});`,
    command: npx('tap', 'run', '--disable-coverage', '--timeout=120', 'tap/a.mjs'),
  },
  {
    name: 'jest',
    file: 'jest/a.test.mjs',
    source: `${IMPORT}test('a', async () => {${body(JEST_EQUAL)}}, 120_000);`,
    command: [
      process.execPath,
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      'jest/a.test.mjs',
    ],
  },
];

const PACKAGES = ['mocha@11', 'ava@6', 'tap@21', 'typescript@5', 'jest@30'];

/** Jest finds tests in `.mjs` files only when configured to. */
const MANIFEST = {
  private: true,
  jest: { testMatch: ['**/jest/*.test.*'], transform: {} },
};

const prepare = async (): Promise<string> => {
  const at = emptyProject('runners');
  writeFileSync(`${at}/package.json`, `${JSON.stringify(MANIFEST, null, 2)}\n`);
  // Without one, tap reads the checkout's and loads the compiler from there.
  writeFileSync(`${at}/tsconfig.json`, '{}\n');
  await install(at, ...PACKAGES);
  await must(at, 'mkdir', '-p', 'jest', ...RUNNERS.map(({ file }) => file.split('/')[0] ?? ''));
  return at;
};

let prepared: Promise<string> | null = null;

/** Installed once, when the first runner needs it. */
const project = (): Promise<string> => (prepared ??= prepare());

const tryRunner = async ({ file, source, command }: Runner): Promise<string> => {
  const at = await project();
  writeFileSync(`${at}/${file}`, `${source}\n`);
  const [program, ...args] = command;
  await must(at, program, ...args);
  return 'passes and ends';
};

/** What README says of jest without the flag. */
const jestWithoutFlag = async (): Promise<string> => {
  const at = await project();
  writeFileSync(
    `${at}/jest/plain.test.cjs`,
    "test('a', () => {\n  require('sendemall-mock');\n});\n",
  );
  const { status, output } = await call(at, ...npx('jest', 'jest/plain.test.cjs'));
  if (status === 0) throw new Error('It passes without the flag: say so in README.');
  const message = /SyntaxError: .*|Must use import.*/u.exec(output)?.[0];
  if (message === undefined) throw new Error(`Unexpected failure:\n${output}`);
  return `fails: ${message}`;
};

export const RUNNER_STEPS: readonly Step[] = [
  ...RUNNERS.map((runner) => ({ name: runner.name, attempt: () => tryRunner(runner) })),
  { name: 'jest without the flag', attempt: jestWithoutFlag },
];
