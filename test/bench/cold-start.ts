/**
 * Cold start of the built command to its first 200, against a bare Hono server started the same way.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createServer, type AddressInfo } from 'node:net';
import { median } from './support.ts';

const ROUNDS = 9;
const root = fileURLToPath(new URL('../../', import.meta.url));

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** Milliseconds from spawn to the first 200 of `/livez`. */
const timeToFirst200 = async (args: readonly string[]): Promise<number> => {
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
    child.kill('SIGKILL');
  }
};

/** The bare server is bundled too, so that both start from one file. */
export const coldStartFigures = async (bareFile: string): Promise<Record<string, number>> => {
  const ours: number[] = [];
  const bare: number[] = [];
  await timeToFirst200(['dist/cli/main.js', 'serve']); // fills the compile cache, as a second start finds it
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(await timeToFirst200([bareFile]));
    ours.push(await timeToFirst200(['dist/cli/main.js', 'serve']));
  }
  const ratios = ours.map((value, index) => value / (bare[index] ?? Number.NaN));
  return { command_ms: median(ours), bare_ms: median(bare), ratio: median(ratios) };
};
