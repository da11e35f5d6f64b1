/**
 * Time from the start of the built command to its first 200, against a bare Hono server started the same way.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createServer, type AddressInfo } from 'node:net';
import { median } from './support.ts';

const ROUNDS = 9;
const root = fileURLToPath(new URL('../../', import.meta.url));

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** Milliseconds from spawn to the first 200 of `/livez`. */
const timeToFirst200 = async (
  args: readonly string[],
  end: NodeJS.Signals = 'SIGKILL',
): Promise<number> => {
  const port = await freePort();
  const start = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, PORT: String(port), SENDEMALL_MOCK_PORT: String(port) },
    stdio: 'ignore',
  });
  try {
    for (;;) {
      const status = await fetch(`http://127.0.0.1:${port}/livez`).then(
        (response) => response.status,
        () => 0,
      );
      if (status === 200) return performance.now() - start;
      if (child.exitCode !== null)
        throw new Error(`${args.join(' ')} ended with ${child.exitCode}`);
      if (performance.now() - start > 20_000) throw new Error(`${args.join(' ')} does not answer`);
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
    }
  } finally {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill(end)) await ended;
  }
};

/** Copies the built command to the layout of an installed package: in a checkout, its launcher would start the sources. */
export const install = async (): Promise<string> => {
  const installed = `${root}dist/bench/installed/`;
  await rm(installed, { recursive: true, force: true });
  await mkdir(`${installed}src/cli`, { recursive: true });
  await cp(`${root}package.json`, `${installed}package.json`);
  await cp(`${root}src/cli/bin.js`, `${installed}src/cli/bin.js`);
  await cp(`${root}dist/cli`, `${installed}dist/cli`, { recursive: true });
  return `${installed}src/cli/bin.js`;
};

/** @param bareFile the bare server, bundled as well, so that both start from one file */
export const coldStartFigures = async (bareFile: string): Promise<Record<string, number>> => {
  const ours: number[] = [];
  const bare: number[] = [];
  const command = await install();
  // Fill the compile cache, which is written when a process ends: every start but the first is measured.
  await timeToFirst200([command, 'serve'], 'SIGTERM');
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(await timeToFirst200([bareFile]));
    ours.push(await timeToFirst200([command, 'serve']));
  }
  const ratios = ours.map((value, index) => value / (bare[index] ?? Number.NaN));
  return { command_ms: median(ours), bare_ms: median(bare), ratio: median(ratios) };
};
