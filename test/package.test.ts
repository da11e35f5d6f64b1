/**
 * What is published: packed as npm does it, installed into an empty folder, run, imported and
 * type-checked there.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { answers, environment, freePort, run, stop } from './support/process.ts';
import { toolCaches } from './support/tool-caches.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sendemall-mock-package-'));
const app = join(folder, 'app');
const env = {
  ...environment(),
  ...toolCaches(folder),
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
};

/** Ends what hangs. On a machine with other load an install takes minutes. */
const MAX_MS = 600_000;
vi.setConfig({ testTimeout: MAX_MS });

const PATTERNS = 'test/examples';

interface Manifest {
  readonly version: string;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly scripts: Record<string, string>;
}
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

let files: readonly string[] = [];
let offline: string | null = null;

beforeAll(async () => {
  const built = await run(process.execPath, ['.config/build.ts'], { cwd: root, env });
  if (built.status !== 0) throw new Error(`The build fails:\n${built.output}`);
  files = await pack();
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }\n');
  const tarball = join(folder, `sendemall-mock-${manifest.version}.tgz`);
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const installed = await run('npm', ['install', tarball, ...flags], { cwd: app, env });
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/u.test(installed.output)) {
    offline = 'no package registry in reach';
  } else if (installed.status !== 0) {
    throw new Error(`npm install fails:\n${installed.output}`);
  }
}, MAX_MS);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the tarball', () => {
  test('holds only what a user needs', () => {
    const allowed = [
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/u,
      /^dist\/.+\.(js|d\.ts)$/u,
      /^dist\/cli\/licenses\.txt$/u,
      /^dist\/inspector\/(index\.html|licenses\.txt|(?:docs|inspector)-[\w-]+\.css)$/u,
      /^spec\/.+\.(ya?ml|json)$/u,
      /^schemas\/json\/.+\.json$/u,
      /^schemas\/yaml\/.+\.yaml$/u,
      /^src\/cli\/bin\.js$/u,
      /^src\/templates\/[\w-]+\/(?:[\w.-]+\.(?:mjs|mts|js|ts|py|go|rb|php|java|xml|properties|rs|toml)|Gemfile)$/u,
      /^src\/docs\/([\w-]+\.md|session\.svg|checks\.json)$/u,
      /^test\/examples\/[\w-]+\.(ts|py)$/u,
    ];
    expect(files.filter((path) => !allowed.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
        'src/cli/bin.js',
        'dist/cli/main.js',
        'dist/cli/licenses.txt',
        'dist/src/index.js',
        'dist/src/index.d.ts',
        'dist/schemas/index.js',
        'dist/schemas/strict.js',
        'schemas/json/webhook-event.schema.json',
        'schemas/json/strict/webhook-event.schema.json',
        'dist/src/vitest/index.js',
        'dist/src/vitest/index.d.ts',
        'dist/src/conformance/index.js',
        'dist/src/conformance/index.d.ts',
        'schemas/json/verify-report.schema.json',
        ...['asyncapi', 'openapi', 'sandbox.openapi'].flatMap((name) => [
          `schemas/json/${name}.json`,
          `schemas/yaml/${name}.yaml`,
        ]),
        'spec/asyncapi.yaml',
        'spec/openapi.yaml',
        'spec/sandbox.openapi.yaml',
        // The picture in README is for those who read it in the repository.
        ...readdirSync(join(root, 'src/docs'))
          .filter((name) => !name.endsWith('.png'))
          .map((name) => `src/docs/${name}`),
        ...readdirSync(join(root, PATTERNS))
          .filter((name) => /\.(ts|py)$/u.test(name))
          .map((name) => `${PATTERNS}/${name}`),
      ]),
    );
  });

  test('names no source map: it ships none', () => {
    const naming = files
      .filter((path) => path.startsWith('dist/'))
      .filter((path) => /^\/\/# sourceMappingURL=/mu.test(readFileSync(join(root, path), 'utf8')));
    expect(naming).toEqual([]);
  });

  test('imports undici by its file: Bun replaces the bare name with a stand-in that cannot send', () => {
    const bare = files
      .filter((path) => path.startsWith('dist/') && path.endsWith('.js'))
      .filter((path) => /from ['"]undici['"]/u.test(readFileSync(join(root, path), 'utf8')));
    expect(bare).toEqual([]);
  });

  test('is built before it is packed', () => {
    expect(manifest.scripts['prepack']).toBe('npm run build');
  });

  test('brings no Node binary: nothing that it depends on reaches the private workspace', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, Locked>;
    };
    const reached = closure(packages, Object.keys(manifest.dependencies));
    expect(reached.size).toBeGreaterThan(10);
    expect(
      [...reached].filter((name) => /^node(-|$)|^sendemall-mock-runtime$/u.test(name)),
    ).toEqual([]);
  });
});

describe('in the checkout', () => {
  // npm links it as it is, without the mode that an installed one gets.
  test.skipIf(process.platform === 'win32')('the launcher can be executed', () => {
    expect(statSync(join(root, 'src', 'cli', 'bin.js')).mode & 0o111).toBe(0o111);
  });

  test('npx runs it from source', async () => {
    const { status, output } = await run('npx', ['sendemall-mock', '--version'], {
      cwd: root,
      env,
    });
    expect(output.trim().split('\n').at(-1)).toBe(manifest.version);
    expect(status).toBe(0);
  });
});

describe('npm in the checkout', () => {
  /** A folder with the checkout's .npmrc and this package.json, and what `npm ci` says there. */
  const installIn = async (name: string, packageJson: object, lock: object) => {
    const place = join(folder, name);
    mkdirSync(place);
    cpSync(join(root, '.npmrc'), join(place, '.npmrc'));
    writeFileSync(join(place, 'package.json'), JSON.stringify(packageJson));
    writeFileSync(
      join(place, 'package-lock.json'),
      JSON.stringify({ lockfileVersion: 3, packages: { '': lock } }),
    );
    return run('npm', ['ci', '--offline'], { cwd: place, env });
  };

  test('does not warn of a newer Node that a package wants', async () => {
    const needs = { name: 'a', version: '1.0.0', engines: { node: '>=999' } };
    const { status, output } = await installIn('engines', needs, needs);
    expect(status).toBe(0);
    expect(output).not.toMatch(/EBADENGINE|fund/u);
  });

  test('shows errors', async () => {
    const wanted = { name: 'a', version: '1.0.0', dependencies: { zod: '4.0.0' } };
    const { status, output } = await installIn('errors', wanted, { name: 'a', version: '1.0.0' });
    expect(status).not.toBe(0);
    expect(output).toMatch(/npm error[^]*zod/u);
  });

  test.skipIf(process.platform === 'win32')('links the command into every folder', async () => {
    const prefix = join(folder, 'prefix');
    const linked = await run('npm', ['link'], {
      cwd: root,
      env: { ...env, npm_config_prefix: prefix },
    });
    expect(linked.status, linked.output).toBe(0);
    const { status, stdout } = await run(join(prefix, 'bin', 'sendemall-mock'), ['--version'], {
      cwd: tmpdir(),
      env,
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${manifest.version}\n` });
  });
});

describe('installed in an empty folder', () => {
  const bin = ['--no-install', 'sendemall-mock'];
  const here = { cwd: app, env };

  test('no Node binary came along', ({ skip }) => {
    if (offline) return skip(offline);
    expect(existsSync(join(app, 'node_modules', '.bin', 'sendemall-mock'))).toBe(true);
    expect(existsSync(join(app, 'node_modules', '.bin', 'node'))).toBe(false);
  });

  test('the command tells its version', async ({ skip }) => {
    if (offline) return skip(offline);
    const { status, output } = await run('npx', [...bin, '--version'], here);
    expect(output.trim().split('\n').at(-1)).toBe(manifest.version);
    expect(status).toBe(0);
  });

  test('the command prints the contract that came along', async ({ skip }) => {
    if (offline) return skip(offline);
    const { status, stdout } = await run('npx', [...bin, 'spec', 'asyncapi'], here);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ asyncapi: expect.stringMatching(/^3\./u) });
  });

  test('the command prints the documentation that came along', async ({ skip }) => {
    if (offline) return skip(offline);
    const { status, stdout } = await run('npx', [...bin, 'docs', 'hooks'], here);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: readFileSync(join(root, 'src/docs/hooks.md'), 'utf8'),
    });
  });

  test('verify judges a receiver, and lists what it judges by', async ({ skip }) => {
    if (offline) return skip(offline);
    const listed = await run('npx', [...bin, 'verify', '--list', '--json'], here);
    expect(listed.status).toBe(0);
    expect((JSON.parse(listed.stdout) as unknown[]).length).toBeGreaterThan(60);
    const url = `http://127.0.0.1:${await freePort()}/`;
    const secret = { ...env, SENDEMALL_MOCK_SECRET: 'whsec_nobody-knows' };
    const flags = ['--recover-command', 'true', '--report', 'sarif'];
    const judged = await run('npx', [...bin, 'verify', url, ...flags], { ...here, env: secret });
    expect(judged.status).toBe(2);
    expect(JSON.parse(judged.stdout)).toMatchObject({ version: '2.1.0' });
  });

  test('serve answers over HTTP and ends on SIGTERM', async ({ skip }) => {
    if (offline) return skip(offline);
    const port = await freePort();
    const main = join(app, 'node_modules', 'sendemall-mock', 'src', 'cli', 'bin.js');
    const child = spawn(process.execPath, [main, 'serve', '--port', String(port)], {
      ...here,
      detached: true,
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
    }
    const url = `http://127.0.0.1:${port}`;
    try {
      expect((await answers(`${url}/livez`, child, () => printed)).status).toBe(200);
      const listed = await fetch(`${url}/v1/webhooks`, {
        headers: { 'x-user-context': 'your-api-key' },
      });
      expect(await listed.json()).toMatchObject({ success: true, data: [] });
      // What is loaded late must be found from the bundle too.
      const triggered = await fetch(`${url}/_sandbox/events`, {
        method: 'POST',
        headers: { 'x-user-context': 'your-api-key', 'content-type': 'application/json' },
        body: JSON.stringify({ event: 'email.replied' }),
      });
      expect(triggered.status).toBe(202);
      expect((await fetch(`${url}/metrics`)).status).toBe(200);
      expect(printed).toContain(url);
    } finally {
      await stop(child);
    }
    expect(child.exitCode).toBe(0);
  });

  test('the entries can be imported and used', async ({ skip }) => {
    if (offline) return skip(offline);
    writeFileSync(join(app, 'use.js'), USE);
    const { status, output } = await run(process.execPath, ['use.js'], here);
    expect(output.trim()).toBe('ok');
    expect(status).toBe(0);
  });

  test('CommonJS can require the entries', async ({ skip }) => {
    if (offline) return skip(offline);
    writeFileSync(join(app, 'use.cjs'), REQUIRED);
    const { status, output } = await run(process.execPath, ['use.cjs'], here);
    expect(output.trim()).toBe('ok');
    expect(status).toBe(0);
  });

  test('the entries type-check in a strict program', async ({ skip }) => {
    if (offline) return skip(offline);
    writeFileSync(join(app, 'typed.ts'), TYPED);
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    const tsc = join(root, 'node_modules', '.bin', 'tsc');
    const { status, output } = await run(tsc, ['-p', 'tsconfig.json'], here);
    expect(output.trim()).toBe('');
    expect(status).toBe(0);
  });
});

/** A user's project on one version of vitest, installed as npm does it by default. */
const projectWith = async (vitest: string) => {
  const project = join(folder, `vitest-${vitest}`);
  cpSync(join(root, 'test', 'vitest', 'sample'), project, { recursive: true });
  const here = { cwd: project, env };
  const tarball = join(folder, `sendemall-mock-${manifest.version}.tgz`);
  const types = `@types/node@${manifest.devDependencies['@types/node'] ?? ''}`;
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const wanted = [tarball, `vitest@${vitest}`, 'zod@4', types];
  const installed = await run('npm', ['install', ...wanted, ...flags], {
    ...here,
    timeout: MAX_MS,
  });
  return { here, installed };
};

describe('a project that tests with it', () => {
  const [newest] = /\d.*/.exec(manifest.devDependencies['vitest'] ?? '') ?? [];

  test.for([
    ['the oldest vitest that is supported', '3.0.0'],
    ['the newest', newest ?? ''],
  ] as const)('passes with %s', { timeout: 3 * MAX_MS }, async ([, version], { skip }) => {
    if (offline) return skip(offline);
    const { here, installed } = await projectWith(version);
    expect(installed.status, installed.output).toBe(0);
    const tsc = join(root, 'node_modules', '.bin', 'tsc');
    const checked = await run(tsc, ['-p', 'tsconfig.json'], here);
    // Declarations of vitest and vite fail by themselves in some versions.
    expect(errorsOfOurs(checked.output)).toEqual([]);
    const { status, output } = await run('npx', ['--no-install', 'vitest', 'run'], here);
    expect(status, output).toBe(0);
    expect(output).toMatch(/Tests .*\d+ passed/u);
    expect(output).toContain(`v${version}`);
  });
});

describe('a project with a vitest that is too old', () => {
  test(
    'installs, runs the command, and names the required vitest in a test',
    {
      timeout: 3 * MAX_MS,
    },
    async ({ skip }) => {
      if (offline) return skip(offline);
      const { here, installed } = await projectWith('2.1.9');
      expect(installed.status, installed.output).toBe(0);
      const told = await run('npx', ['--no-install', 'sendemall-mock', '--version'], here);
      expect(told.stdout.trim()).toBe(manifest.version);
      const { status, output } = await run('npx', ['--no-install', 'vitest', 'run'], here);
      expect(status).toBe(1);
      expect(output).toContain(
        'sendemall-mock/vitest requires vitest 3 or newer; found vitest 2.1.9. Run: npm install --save-dev vitest@latest.',
      );
    },
  );
});

/** Compiler errors in the project's own files and in the declarations of this package. */
function errorsOfOurs(output: string): readonly string[] {
  return (
    output
      .split('\n')
      .filter((line) => /: error TS\d+:/u.test(line))
      // Nor those of a checkout around it, whose declarations the compiler finds.
      .filter((line) => !/^(?:\.\.\/)*node_modules\/(?!sendemall-mock\/)/u.test(line))
  );
}

const USE = `
import { createClient, createMock } from 'sendemall-mock';
import { CATALOGUE, REPORTERS, verify } from 'sendemall-mock/conformance';
import { EVENT_TYPES, WebhookEvent } from 'sendemall-mock/schemas';
import * as strict from 'sendemall-mock/schemas/strict';
import schema from 'sendemall-mock/schemas/json/webhook-event.schema.json' with { type: 'json' };
import strictSchema from 'sendemall-mock/schemas/json/strict/webhook-event.schema.json' with { type: 'json' };
import openapi from 'sendemall-mock/schemas/json/openapi.json' with { type: 'json' };

const mock = await createMock({ port: 0, clock: 'skip' });
const answer = await fetch(mock.url + '/livez');
await mock.close();
const never = { event: 'email.never', id: 'evt_1', timestamp: '2026-04-06T12:00:00Z', data: {} };
const refused = !WebhookEvent.safeParse(never).success || strict.WebhookEvent.safeParse(never).success;
const report = await verify({ url: mock.url, secret: 'whsec_nobody-knows', only: ['http/reachable'] });
const page = REPORTERS.html(report);
if (!page.includes(report.tool.version) || CATALOGUE.length < 60) throw new Error(page);
if (answer.ok && !refused && EVENT_TYPES.length === 8 && createClient && schema.$schema && strictSchema.$id !== schema.$id && openapi.openapi) console.log('ok');
`;

const REQUIRED = `
const { createMock } = require('sendemall-mock');
const { verify } = require('sendemall-mock/conformance');
const { EVENT_TYPES } = require('sendemall-mock/schemas');
createMock({ port: null }).then(async (mock) => {
  await mock.close();
  if (typeof verify === 'function' && EVENT_TYPES.length === 8) console.log('ok');
});
`;

const TYPED = `
import { createClient, createMock } from 'sendemall-mock';
import { type Report, type VerifyConfig, verify } from 'sendemall-mock/conformance';
import { EVENT_TYPES, type EmailReplied, WebhookEvent } from 'sendemall-mock/schemas';

export async function use(): Promise<string> {
  await using mock = await createMock({ clock: '60x' });
  const event = WebhookEvent.parse(JSON.parse('{}'));
  if (event.event === 'email.replied') {
    const reply: EmailReplied = event;
    return reply.id;
  }
  const config: VerifyConfig = { hooks: { effects: async (id) => id.length } };
  const report: Report = await verify({ url: mock.url, secret: '12345678', hooks: config.hooks });
  // @ts-expect-error a rate is written as text, '60x'
  await createMock({ clock: 60 });
  return mock.url + EVENT_TYPES.length + typeof createClient + report.summary.verdict;
}
`;

const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    typeRoots: [join(root, 'node_modules', '@types')],
    types: ['node'],
  },
  files: ['typed.ts'],
};

interface Locked {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

/** Names of all packages that the given ones bring, by the lock file. */
function closure(packages: Record<string, Locked>, names: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const todo = [...names];
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const { dependencies, optionalDependencies } = packages[`node_modules/${name}`] ?? {};
    todo.push(...Object.keys({ ...dependencies, ...optionalDependencies }));
  }
  return seen;
}

/** Packs the built tree; answers with the paths in the tarball. */
async function pack(): Promise<readonly string[]> {
  const args = ['pack', '--json', '--ignore-scripts', '--silent', '--pack-destination', folder];
  const { status, output } = await run('npm', args, { cwd: root, env });
  if (status !== 0) throw new Error(`npm pack fails:\n${output}`);
  type Packed = { readonly files: readonly { readonly path: string }[] };
  const answer = JSON.parse(output.slice(output.search(/^[[{]/mu))) as
    | readonly Packed[]
    | Record<string, Packed>;
  return Object.values(answer).flatMap((one) => one.files.map(({ path }) => path));
}
