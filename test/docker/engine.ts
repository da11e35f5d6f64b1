/**
 * A Docker engine for tests: the docker command, our image built from the sources, containers that go away again.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { layOutImage } from '../../.config/bundle.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the docker command to its end. */
export const docker = (...args: readonly string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const settings = {
      timeout: 120_000,
      maxBuffer: 2 ** 26,
      env: { ...process.env, DOCKER_BUILDKIT: '0' },
    };
    const child = execFile('docker', args, settings, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ status, stdout: stdout.trim(), stderr: stderr.trim() || (error?.message ?? '') });
    });
    child.stdin?.end();
  });

/** The same where only success will do; gives what it printed. */
export const done = async (...args: readonly string[]): Promise<string> => {
  const { status, stdout, stderr } = await docker(...args);
  if (status !== 0) throw new Error(`docker ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
};

/** Made by `.ci/docker` where no registry has the public one. */
export const BASE =
  process.env['SENDEMALL_MOCK_TEST_BASE'] ??
  /^ARG BASE=(\S+)$/mu.exec(readFileSync(join(root, 'docker/Dockerfile'), 'utf8'))?.[1] ??
  '';

/** Why there can be no container here; null when there can. */
export const whyNoEngine = async (): Promise<string | null> => {
  const version = await docker('version', '--format', '{{.Server.Os}}');
  if (version.status !== 0) return 'no Docker engine answers (.ci/docker run npm test brings one)';
  if (version.stdout !== 'linux') return `the Docker engine runs ${version.stdout} containers`;
  const base = await docker('image', 'inspect', BASE);
  return base.status === 0 ? null : `the engine has no image ${BASE} (docker pull ${BASE})`;
};

export interface Image extends AsyncDisposable {
  readonly name: string;
}

/** Builds the image from the sources, apart from `dist/`, which other tests build too. */
export const buildImage = async (): Promise<Image> => {
  const context = mkdtempSync(join(tmpdir(), 'sendemall-mock-image-'));
  try {
    await layOutImage(join(context, 'dist', 'image'));
    for (const path of ['docker/Dockerfile', '.dockerignore', 'README.md']) {
      cpSync(join(root, path), join(context, path));
    }
    const name = `sendemall-mock-test:${process.pid}`;
    const args = ['--quiet', '--file', join(context, 'docker/Dockerfile'), '--tag', name];
    await done(
      'build',
      ...args,
      '--build-arg',
      `BASE=${BASE}`,
      '--build-arg',
      'VERSION=1.2.3',
      context,
    );
    return {
      name,
      [Symbol.asyncDispose]: async () => {
        await docker('image', 'rm', '--force', name);
      },
    };
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
};

export interface Container extends AsyncDisposable {
  readonly id: string;
  inspect<T>(format: string): Promise<T>;
  logs(): Promise<string>;
  exec(...command: readonly string[]): Promise<Ran>;
  /** How this machine reaches a port of it. */
  url(port?: number): Promise<string>;
}

const containerOf = (id: string): Container => {
  const inspect = async <T>(format: string): Promise<T> =>
    JSON.parse(await done('inspect', '--format', `{{json ${format}}}`, id)) as T;
  return {
    id,
    inspect,
    logs: async () => {
      const { stdout, stderr } = await docker('logs', id);
      return `${stdout}\n${stderr}`;
    },
    exec: (...command) => docker('exec', id, ...command),
    url: async (port = 7363) => {
      const bound = await done('port', id, `${port}/tcp`);
      return `http://127.0.0.1:${bound.split('\n')[0]?.split(':').at(-1)}`;
    },
    [Symbol.asyncDispose]: async () => {
      await docker('rm', '--force', '--volumes', id);
    },
  };
};

/** `docker run --detach`, on a free port of this machine. */
export const start = async (...args: readonly string[]): Promise<Container> =>
  containerOf(await done('run', '--detach', '--publish', '127.0.0.1::7363', ...args));

/** Asks until the answer is not null, for at most `seconds`. */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | null>,
  seconds = 20,
): Promise<T> => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    const answer = await ask();
    if (answer !== null) return answer;
    await sleep(50);
  }
  throw new Error(`${what}: not within ${seconds} s`);
};

/** Waits until Docker calls it healthy; gives its URL. */
export const healthy = async (container: Container, seconds = 20): Promise<string> => {
  const ask = async (): Promise<true | null> => {
    const { Running, Health } = await container.inspect<{
      Running: boolean;
      Health?: { Status: string };
    }>('.State');
    if (!Running) throw new Error(`It ended: ${await container.logs()}`);
    return Health?.Status === 'healthy' ? true : null;
  };
  await until('healthy', ask, seconds);
  return container.url();
};

/** A volume or a network that goes away again. */
export const made = async (
  kind: 'volume' | 'network',
): Promise<AsyncDisposable & { readonly name: string }> => {
  const name = `sendemall-mock-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  await done(kind, 'create', name);
  return {
    name,
    [Symbol.asyncDispose]: async () => {
      await docker(kind, 'rm', name);
    },
  };
};
