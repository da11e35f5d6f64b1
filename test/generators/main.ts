/**
 * `npm run test:generators [name …]`: clients made by other people's generators, against a running sandbox.
 *
 * Each registers a webhook, triggers a reply, lets its attempts fail and lists the failed events. It must compile, and
 * see the reply as a reply. What generators install stays in `.tmp/generators`. A generator whose toolchain the machine
 * does not have is skipped, with the reason.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMock } from '../../src/create-mock.ts';
import { GENERATORS, type Generator } from './generators.ts';

const clients = fileURLToPath(new URL('clients', import.meta.url));
const cache = fileURLToPath(new URL('../../.tmp/generators', import.meta.url));

/** What every client must see of the failed reply. */
const EXPECTED = JSON.stringify({ event: 'email.replied', sentiment: 'positive', attempts: 4 });

/** A command that hangs must not hold the run up. */
const MAX_COMMAND_MS = 900_000;

const isThere = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Runs a command; returns what it prints. Other accounts' requests are answered meanwhile. */
const run = (
  [program, ...args]: readonly [string, ...(readonly string[])],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env,
      timeout: MAX_COMMAND_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(stdout);
      else
        reject(
          new Error(`${[program, ...args].join(' ')} ends with ${status}:\n${output.slice(-4000)}`),
        );
    });
  });

/** @returns why the generator cannot be tried here; null after a success */
const tryOne = async (generator: Generator, url: string): Promise<string | null> => {
  const missing = generator.needs.filter((program) => !isThere(program));
  if (missing.length > 0) return `${missing.join(', ')} is not installed`;
  const folder = join(cache, generator.name);
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, SANDBOX_URL: url, API_KEY: generator.name };
  const installed = join(folder, '.installed');
  if (!existsSync(installed)) {
    for (const command of generator.install) await run(command, folder, env);
    writeFileSync(installed, '');
  }
  // A file that is no longer generated would be compiled with the others.
  for (const made of ['api', 'sandbox', 'out'])
    rmSync(join(folder, made), { recursive: true, force: true });
  for (const [from, to] of Object.entries(generator.files)) {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    cpSync(join(clients, from), join(folder, to));
  }
  for (const command of generator.build) await run(command, folder, env);
  const seen = (await run(generator.use, folder, env)).trim().split('\n').at(-1);
  if (seen === EXPECTED) return null;
  throw new Error(`The client sees ${seen}, expected ${EXPECTED}.`);
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !GENERATORS.some((generator) => generator.name === name));
if (unknown.length > 0) {
  const names = GENERATORS.map(({ name }) => name).join(', ');
  throw new Error(`Unknown generator "${unknown.join('", "')}". Known generators: ${names}.`);
}
const mock = await createMock({ clock: 'skip', rateLimit: false });
for (const generator of GENERATORS) {
  if (wanted.length > 0 && !wanted.includes(generator.name)) continue;
  const start = Date.now();
  try {
    const reason = await tryOne(generator, mock.url);
    const took = `${((Date.now() - start) / 1000).toFixed(1)} s`;
    console.log(
      `${generator.name}: ${reason === null ? `passed in ${took}` : `skipped: ${reason}`}`,
    );
  } catch (error) {
    process.exitCode = 1;
    console.log(`${generator.name}: failed\n${(error as Error).message}`);
  }
}
await mock.close();
