/**
 * The `@example` blocks of the package's main entry: they compile, and they run against a mock.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'rolldown/utils';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environment, run } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
mkdirSync(join(root, '.tmp'), { recursive: true });
const folder = mkdtempSync(join(root, '.tmp', 'examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The files behind the entry. `http.ts` is internal: no user calls it. */
const SOURCES = [
  'src/create-mock.ts',
  ...readdirSync(join(root, 'src/client'))
    .filter((name) => name !== 'http.ts')
    .map((name) => `src/client/${name}`),
];

const sourceOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The examples of a file, or of a single doc comment. */
const examplesOf = (text: string): readonly string[] =>
  [...text.matchAll(/@example\n *\* ```ts\n((?: *\*.*\n)*?) *\* ```/gu)].map(([, block = '']) =>
    block.replaceAll(/^ *\* ?/gmu, ''),
  );

/** The methods of a file's public interfaces, each with the doc comment right above it. */
const methodsOf = (path: string) => {
  const text = sourceOf(path);
  return parseSync(path, text, { lang: 'ts' }).program.body.flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration') return [];
    const { declaration } = node;
    if (declaration?.type !== 'TSInterfaceDeclaration') return [];
    return declaration.body.body.flatMap((member) => {
      if (member.type !== 'TSMethodSignature' || member.key.type !== 'Identifier') return [];
      const before = text.slice(0, member.start).trimEnd();
      const doc = before.endsWith('*/') ? before.slice(before.lastIndexOf('/**')) : '';
      return [{ method: member.key.name, name: `${declaration.id.name}.${member.key.name}`, doc }];
    });
  });
};

const METHODS = SOURCES.flatMap(methodsOf);

/** What an example may use without declaring it: the code that makes it, in the order in which it runs. */
const GIVEN: readonly (readonly [name: string, code: string])[] = [
  [
    'webhook',
    "const webhook = await client.webhooks.create({ url: 'http://localhost:3000/hooks', events: ['*'], secret: 'whsec_local-secret' });",
  ],
  ['event', "const event = (await client.events.trigger({ event: 'email.opened' })).events[0]!;"],
  [
    'delivery',
    `const delivery = (await client.events.trigger({ event: 'email.opened', webhook_id: webhook.id })).deliveries[0]!;
    await client.clock.advance({ until: 'settled' });`,
  ],
  [
    'failedEvent',
    `await client.events.trigger({ event: 'email.opened', webhook_id: webhook.id });
    await client.clock.advance({ until: 'settled' });
    const failedEvent = (await client.failedEvents.list(webhook.id).page()).items[0]!;`,
  ],
  [
    'campaign',
    `const campaign = await client.campaigns.create({
      name: 'Q2', daily_limit: 50, timezone: 'UTC',
      schedule: { days: ['mon'], start_hour: 8, end_hour: 17 },
      sequences: [{ step: 1, delay_days: 0, subject: 'Hello', body: 'Hi' }],
    });
    await client.campaigns.addLeads(campaign.id, [{ email: 'sarah@acme.example' }]);`,
  ],
  ['lead', 'const lead = (await client.campaigns.leads(campaign.id).page()).items[0]!;'],
  [
    'verification',
    'const verification = await client.verifications.start({ webhook_id: webhook.id });',
  ],
  ['fault', "const fault = await client.faults.add({ fault: 'duplicate' });"],
];

/** The code that the example takes as given. */
const givenFor = (example: string): readonly string[] => {
  let code = example;
  const lines: string[] = [];
  for (const [name, line] of GIVEN.toReversed()) {
    const isUsed = new RegExp(`(?<![.'\\w])${name}\\.`, 'u').test(code);
    const isDeclared = new RegExp(`const (\\{[^}]*\\b)?${name}\\b`, 'u').test(example);
    if (!isUsed || isDeclared) continue;
    lines.unshift(line);
    code += line;
  }
  return lines;
};

/** Compares what a line of an example prints with the comment behind it, up to a colon. */
const PRINTS = `
import { format } from 'node:util';
const prints = (comment: string, ...values: readonly unknown[]): void => {
  const text = format(...values);
  if (comment !== text && !comment.startsWith(text + ': ')) throw new Error('prints ' + text + ', not ' + comment);
};
void prints;`;

/** A module that runs the example, with the `mock`, the `client` and the objects that it uses but does not declare. */
const moduleOf = (example: string): string => {
  const lines = [
    "import { ApiError, createClient, createMock } from '../../src/index.ts';",
    'void [ApiError, createClient, createMock];',
    PRINTS,
  ];
  if (!example.includes('createMock('))
    lines.push("await using mock = await createMock({ clock: 'frozen' });");
  if (!/const client =/u.test(example) && example.includes('client.'))
    lines.push("const client = createClient({ baseUrl: mock.url, apiKey: 'your-api-key' });");
  const checked = example.replaceAll(
    /^( *)console\.log\((.*)\); \/\/ (.*)$/gmu,
    (_, indent: string, values: string, comment: string) =>
      `${indent}prints(${JSON.stringify(comment)}, ${values});`,
  );
  lines.push(...givenFor(example), checked);
  // Nothing listens on the port of the example, even if a developer has a server there.
  return lines.join('\n').replaceAll('localhost:3000', '127.0.0.1:9');
};

const EXAMPLES = SOURCES.flatMap((path) =>
  examplesOf(sourceOf(path)).map((example, index) => ({
    name: `${path}, example ${index + 1}`,
    file: `${path.replaceAll(/[/.]/gu, '-')}-${index + 1}.ts`,
    example,
  })),
);

beforeAll(() => {
  for (const { file, example } of EXAMPLES) writeFileSync(join(folder, file), moduleOf(example));
});

test('every method has an example of one to three lines that calls it', () => {
  expect(METHODS.length).toBeGreaterThanOrEqual(50);
  const isShown = ({ method, doc }: (typeof METHODS)[number]): boolean =>
    examplesOf(doc).some(
      (example) => example.includes(`.${method}(`) && example.trimEnd().split('\n').length <= 3,
    );
  expect(METHODS.filter((one) => !isShown(one)).map(({ name }) => name)).toEqual([]);
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
