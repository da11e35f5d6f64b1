/**
 * The `@example` blocks of the package's main entry: they compile, and they run against a mock.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environment, run } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
mkdirSync(join(root, '.tmp'), { recursive: true });
const folder = mkdtempSync(join(root, '.tmp', 'examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The files behind the entry. */
const SOURCES = [
  'src/create-mock.ts',
  ...readdirSync(join(root, 'src/client')).map((name) => `src/client/${name}`),
];

/** The examples of a file. */
const examplesOf = (path: string): readonly string[] =>
  [
    ...readFileSync(join(root, path), 'utf8').matchAll(
      /@example\n \* ```ts\n((?: \*.*\n)*?) \* ```/gu,
    ),
  ].map(([, block = '']) => block.replaceAll(/^ \* ?/gmu, ''));

/** A module that runs the example, with the `mock` and `client` that it uses but does not declare. */
const moduleOf = (example: string): string => {
  const lines = [
    "import { ApiError, createClient, createMock } from '../../src/index.ts';",
    'void [ApiError, createClient, createMock];',
  ];
  if (!example.includes('createMock('))
    lines.push("await using mock = await createMock({ clock: 'frozen' });");
  if (!/const client =/u.test(example) && example.includes('client.'))
    lines.push("const client = createClient({ baseUrl: mock.url, apiKey: 'your-api-key' });");
  // Nothing listens on the port of the example, even if a developer has a server there.
  return [...lines, example].join('\n').replaceAll('localhost:3000', '127.0.0.1:9');
};

const EXAMPLES = SOURCES.flatMap((path) =>
  examplesOf(path).map((example, index) => ({
    name: `${path}, example ${index + 1}`,
    file: `${path.replaceAll(/[/.]/gu, '-')}-${index + 1}.ts`,
    example,
  })),
);

beforeAll(() => {
  for (const { file, example } of EXAMPLES) writeFileSync(join(folder, file), moduleOf(example));
});

test('there are examples', () => {
  expect(EXAMPLES.length).toBeGreaterThanOrEqual(10);
});

test('they compile', { timeout: 120_000 }, async () => {
  const config = {
    extends: '../../tsconfig.json',
    include: ['*.ts'],
    compilerOptions: { noEmit: true },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { status, output } = await run(tsc, ['-p', folder], { cwd: root, env: environment() });
  expect(status, output).toBe(0);
});

test('they run', { timeout: 120_000 }, async () => {
  const lines = EXAMPLES.map(({ name, file }) =>
    [`console.log(${JSON.stringify(name)});`, `await import('./${file}');`].join('\n'),
  );
  writeFileSync(join(folder, 'all.ts'), lines.join('\n'));
  const env = environment();
  const { status, output } = await run(process.execPath, [join(folder, 'all.ts')], {
    cwd: root,
    env,
  });
  expect(status, output).toBe(0);
});
