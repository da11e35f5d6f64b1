/**
 * Records the terminal session that README shows: real commands in a real pseudo-terminal, against the sample receiver
 * of the provider's guide.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { BIN } from '../cli/support.ts';
import { answers, environment, stop } from '../support/process.ts';
import { readBlocks } from '../readme/blocks.ts';
import { drawTerminal } from './svg.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const SESSION_FILE = join(root, 'src', 'docs', 'session.svg');

const COLUMNS = 104;
const SHOWN_PORT = 3000;
const SANDBOX_PORT = 7363;
const SECRET = 'whsec_your-signing-secret';

/** What is typed; the sandbox and the receiver run already. */
const COMMANDS = [
  'sendemall-mock trigger email.replied --wait',
  `sendemall-mock verify http://localhost:${SHOWN_PORT}/webhooks/sendemall --only signature/missing-header`,
];

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });

/** A free port as long as the shown one, so that lines wrap at the same places. */
const freePortLike = async (shown: number): Promise<number> => {
  for (let port = shown; port < shown + 1000; port++) if (await isFree(port)) return port;
  throw new Error(`No free port from ${shown} to ${shown + 999}.`);
};

/** The guide's Express sample, as the documentation has it. */
const sampleReceiver = (port: number): string => {
  const page = readFileSync(join(root, 'src', 'docs', 'verify.md'), 'utf8');
  const sample = readBlocks(page).find(({ options }) => options['path'] === 'receiver.mjs');
  if (sample === undefined) throw new Error('src/docs/verify.md has no block path=receiver.mjs.');
  return sample.text.replace(`.listen(${SHOWN_PORT})`, `.listen(${port})`);
};

const typed = (command: string): string =>
  `\u001B[32m$\u001B[39m \u001B[1m${command}\u001B[22m\r\n`;

/** Runs a command in a pseudo-terminal and gives everything that it wrote. */
const inTerminal = async (command: string, folder: string, env: NodeJS.ProcessEnv) => {
  const child = spawn('script', ['-qec', `stty cols ${COLUMNS}; ${command}`, '/dev/null'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return text(child.stdout);
};

/** Records the session. @returns the SVG */
export const recordSession = async (): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-mock-session-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const [port, sandbox] = [await freePortLike(SHOWN_PORT), await freePortLike(SANDBOX_PORT)];
  const { NO_COLOR: _, CI: __, FORCE_COLOR: ___, ...inherited } = environment();
  const env = {
    ...inherited,
    PATH: [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
    TERM: 'xterm',
    SHELL: '/bin/sh',
    SENDEMALL_MOCK_SECRET: SECRET,
    SENDEMALL_MOCK_SANDBOX_URL: `http://127.0.0.1:${sandbox}`,
  };
  writeFileSync(join(folder, 'sendemall-mock'), launcher(), { mode: 0o755 });
  writeFileSync(join(folder, 'receiver.mjs'), sampleReceiver(port));
  env.PATH = [folder, env.PATH].join(delimiter);
  const url = `http://localhost:${port}/webhooks/sendemall`;
  const options = { cwd: folder, env, stdio: 'ignore', detached: true } as const;
  const running = [
    spawn(process.execPath, ['receiver.mjs'], options),
    spawn(
      process.execPath,
      [
        BIN,
        'serve',
        '--port',
        String(sandbox),
        '--forward-to',
        url,
        '--clock',
        'skip',
        '--seed',
        '7',
      ],
      options,
    ),
  ];
  try {
    await answers(`http://localhost:${port}/`, running[0]!, () => '');
    await answers(`http://127.0.0.1:${sandbox}/readyz`, running[1]!, () => '');
    let screen = '';
    for (const command of COMMANDS) {
      const adapted = command.replaceAll(`:${SHOWN_PORT}/`, `:${port}/`);
      const output = await inTerminal(adapted, folder, env);
      screen += `${screen === '' ? '' : '\r\n'}${typed(command)}${output.trimEnd()}\r\n`;
    }
    const shown = screen
      .replaceAll(`localhost:${port}`, `localhost:${SHOWN_PORT}`)
      .replaceAll(`127.0.0.1:${sandbox}`, `127.0.0.1:${SANDBOX_PORT}`);
    return await drawTerminal(shown, COLUMNS, `Terminal session: ${COMMANDS.join('; ')}`);
  } finally {
    await Promise.all(running.map(stop));
    rmSync(folder, { recursive: true, force: true });
  }
};

/** The command under its own name, run by this Node. */
function launcher(): string {
  return `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`;
}
