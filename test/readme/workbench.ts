/**
 * A place to try blocks: an empty folder where `sendemall-mock` is the checkout's command and every
 * localhost port that a block names is replaced by a free one.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Outcome, answers, environment, freePort, run, stop } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs blocks that build on each other. */
export interface Workbench {
  readonly folder: string;
  /** Replaces ports; the default port of the sandbox included. */
  adapt(text: string): string;
  /** Saves a file that later blocks use. */
  save(path: string, text: string): void;
  /** Runs a shell block to its end. */
  shell(text: string): Promise<Outcome>;
  /** Starts a shell block and returns when `url` answers; it runs until the workbench closes. */
  background(text: string, url: string): Promise<void>;
  /** Starts a receiver of the tree at the `localhost` port that `text` names, unless it runs already. */
  receiver(path: string, text: string): Promise<void>;
  /** Type-checks TypeScript, and runs it unless `how` is `check`. */
  typescript(text: string, how: 'check' | 'run' | 'vitest'): Promise<Outcome>;
  /** Runs the demo to its end. */
  demo(): Promise<Outcome>;
  close(): Promise<void>;
}

const DEFAULT_PORT = 7363;

/** Opens a workbench. `ports` are those that the text names: each gets a free one. */
export async function openWorkbench(markdown: string): Promise<Workbench> {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-mock-readme-'));
  const running: ChildProcess[] = [];
  const ports = await freePortsFor(markdown);
  const bin = join(folder, 'node_modules', '.bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(join(root, 'src', 'cli', 'bin.js'), join(bin, 'sendemall-mock'));
  // What a reader's receiver is written with.
  symlinkSync(join(root, 'node_modules', 'express'), join(folder, 'node_modules', 'express'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');

  const mock = String(ports.get(DEFAULT_PORT));
  const env = {
    ...environment(),
    PATH: [
      bin,
      dirname(process.execPath),
      join(root, 'node_modules', '.bin'),
      process.env['PATH'],
    ].join(delimiter),
    SENDEMALL_MOCK_PORT: mock,
    SENDEMALL_MOCK_SANDBOX_URL: `http://127.0.0.1:${mock}`,
  };
  const adapt = (text: string) =>
    text
      .replace(PORT, (whole, host: string, port: string) => {
        const other = ports.get(Number(port));
        return other ? `${host}:${other}` : whole;
      })
      .replace(LISTEN, (whole, port: string) => {
        const other = ports.get(Number(port));
        return other ? `.listen(${other})` : whole;
      });

  async function inCheckout(text: string, how: 'check' | 'run' | 'vitest'): Promise<Outcome> {
    const place = join(
      root,
      '.tmp',
      `readme-${process.pid}-${Math.random().toString(36).slice(2)}`,
    );
    mkdirSync(place, { recursive: true });
    try {
      const name = how === 'vitest' ? 'snippet.test.ts' : 'snippet.ts';
      writeFileSync(join(place, name), toSource(adapt(text)));
      writeFileSync(join(place, 'tsconfig.json'), tsconfig(name));
      const checked = await run('tsc', ['-p', join(place, 'tsconfig.json')], { cwd: root, env });
      if (checked.status !== 0 || how === 'check') return checked;
      if (how === 'run')
        return await run(process.execPath, [join(place, name)], { cwd: folder, env });
      return await run('vitest', ['run', '--root', place], { cwd: place, env });
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }

  const receivers = new Set<string>();
  async function keepRunning(text: string, url: string, more: NodeJS.ProcessEnv): Promise<void> {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', text], {
      cwd: folder,
      env: { ...env, ...more },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    await answers(url, child, () => output);
  }

  return {
    folder,
    adapt,
    save(path, text) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `${adapt(text)}\n`);
    },
    // One pipe for both streams: over two, their lines would arrive in any order.
    shell: (text) =>
      run('bash', ['-euo', 'pipefail', '-c', `exec 2>&1\n${adapt(text)}`], { cwd: folder, env }),
    background: (text, url) => keepRunning(adapt(text), adapt(url), {}),
    async receiver(path, text) {
      const [, port = ''] = /\blocalhost:(\d+)/u.exec(adapt(text)) ?? [];
      if (receivers.has(port)) return;
      receivers.add(port);
      await keepRunning(`node ${join(root, path)}`, `http://localhost:${port}/`, {
        PORT: port,
        SENDEMALL_MOCK_SECRET: 'whsec_your-signing-secret',
      });
    },
    typescript: inCheckout,
    demo: () =>
      run(process.execPath, [join(root, 'test', 'demo', 'demo.ts')], { cwd: folder, env }),
    async close() {
      await Promise.all(running.map(stop));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const LISTEN = /\.listen\((\d{2,5})\)/gu;
const PORT = /\b(localhost|127\.0\.0\.1):(\d{2,5})\b/gu;

async function freePortsFor(markdown: string): Promise<ReadonlyMap<number, number>> {
  const named = new Set([...markdown.matchAll(PORT)].map((match) => Number(match[2])));
  named.add(DEFAULT_PORT);
  const pairs = [...named].map(async (port) => [port, await freePort()] as const);
  return new Map(await Promise.all(pairs));
}

/** The package's own entries become the checkout's sources. */
function toSource(text: string): string {
  return text.replace(
    /(['"])sendemall-mock(\/[a-z]+)?\1/gu,
    (_whole, quote: string, entry?: string) => {
      const file = entry === '/schemas' ? 'schemas/index.ts' : `src${entry ?? ''}/index.ts`;
      return `${quote}../../${file}${quote}`;
    },
  );
}

function tsconfig(name: string): string {
  return JSON.stringify({
    extends: '../../tsconfig.json',
    compilerOptions: { noUnusedLocals: false, rewriteRelativeImportExtensions: false },
    include: [],
    files: [name],
  });
}
