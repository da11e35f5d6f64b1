/**
 * Starts a receiver of the field set as a process, with its hooks.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHttpHooks } from '../../../src/conformance/hooks/http-hooks.ts';
import type { Hooks } from '../../../src/conformance/hooks/hooks.ts';
import { PATH } from '../receiver.ts';
import { pathIn, type FieldReceiver, type Half } from './catalogue.ts';
import { prepare, type Program } from './toolchain.ts';

const START_TIMEOUT_MS = 60_000;

export interface LaunchedReceiver extends AsyncDisposable {
  readonly url: string;
  /** Those that it offers. */
  readonly hooks: Hooks;
}

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly hooksPort: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Two ports that are free now. */
const freePorts = async (): Promise<readonly [number, number]> => {
  const servers = [createServer(), createServer()] as const;
  const ports = servers.map(async (server) => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  });
  const [port = 0, hooksPort = 0] = await Promise.all(ports);
  for (const server of servers) server.close();
  return [port, hooksPort];
};

const isListening = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};

/** @throws when it ends, or does not listen in time */
const untilListening = async (child: ChildProcess, ports: readonly number[]): Promise<void> => {
  const until = performance.now() + START_TIMEOUT_MS;
  for (const port of ports) {
    while (!(await isListening(port))) {
      if (child.exitCode !== null) throw new Error(`The receiver ended with ${child.exitCode}.`);
      if (performance.now() > until) throw new Error(`The receiver does not listen on ${port}.`);
      await sleep(25);
    }
  }
};

/** The pipe to its input ends with this process, and so does the receiver. */
const begin = (
  { command, args }: Program,
  { folder, port, hooksPort, env }: Place,
  secret: string,
) =>
  spawn(command, args, {
    env: {
      ...process.env,
      ...env,
      PORT: String(port),
      HOOKS_PORT: String(hooksPort),
      SENDEMALL_SECRET: secret,
      DATABASE: join(folder, 'receiver.db'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    stdio: ['pipe', 'ignore', 'ignore'],
    // A group of its own: its workers end with it.
    detached: true,
  });

const kill = async (child: ChildProcess): Promise<void> => {
  const isOver = child.exitCode !== null || child.signalCode !== null;
  const gone = isOver ? Promise.resolve([]) : once(child, 'exit');
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // The whole group is gone already.
  }
  await gone;
};

const hooksAt = (
  hooksPort: number,
  restart: () => Promise<void>,
  offered: FieldReceiver['hooks'],
): Hooks => {
  const base = `http://127.0.0.1:${hooksPort}`;
  const all: Hooks = {
    ...createHttpHooks({
      effectsUrl: `${base}/effects/{id}`,
      stateUrl: `${base}/leads/{lead_email}`,
      faultUrl: `${base}/fault`,
    }),
    restart,
  };
  return Object.fromEntries(offered.map((name) => [name, all[name]]));
};

export interface Launchable extends Pick<FieldReceiver, 'language' | 'hooks'> {
  /** Absolute path of its source file. */
  readonly path: string;
  readonly env?: Readonly<Record<string, string>>;
}

export const launch = (
  half: Half,
  receiver: FieldReceiver,
  secret: string,
): Promise<LaunchedReceiver> =>
  launchFile({ ...receiver, path: pathIn(half, receiver.file) }, secret);

/** Starts any receiver that has the same environment and hooks as those of the set. */
export const launchFile = async (
  { language, hooks, path, env = {} }: Launchable,
  secret: string,
): Promise<LaunchedReceiver> => {
  const folder = await mkdtemp(join(tmpdir(), 'field-'));
  const program = await prepare(language, path, folder);
  const [port, hooksPort] = await freePorts();
  const place = { folder, port, hooksPort, env };
  let child = begin(program, place, secret);
  const stop = async (): Promise<void> => {
    await kill(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilListening(child, [hooksPort, port]);
  } catch (error) {
    await stop();
    throw error;
  }
  const restart = async (): Promise<void> => {
    await kill(child);
    child = begin(program, place, secret);
    await untilListening(child, [hooksPort, port]);
  };
  return {
    url: `http://127.0.0.1:${port}${PATH}`,
    hooks: hooksAt(hooksPort, restart, hooks),
    [Symbol.asyncDispose]: stop,
  };
};
