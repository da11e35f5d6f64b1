/**
 * Receivers that `verify --exec` starts: small programs in a folder of their own, and the processes that they are.
 *
 * @module
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/process.ts';
import { keepRunning, run, type Ran, type Running, type RunOptions } from './support.ts';

/** A receiver that verifies, deduplicates in a file, and calls the sink; its switches are in its environment. */
const RECEIVER = `
const { createHmac, timingSafeEqual } = require('node:crypto');
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
const { spawn } = require('node:child_process');
const { createServer } = require('node:http');
const { SENDEMALL_SECRET: secret, CRM_URL: crm, PORT, CRASH_ON, ORPHAN, LEAK } = process.env;
appendFileSync('pids', process.pid + '\\n');
writeFileSync('environment.json', JSON.stringify(process.env));
if (ORPHAN) {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  appendFileSync('pids', child.pid + '\\n');
  child.unref();
}
if (LEAK) console.log('configured with', secret);
const done = new Set(existsSync('done') ? readFileSync('done', 'utf8').split('\\n') : []);
const working = new Map();
const work = async (event) => {
  const answer = await fetch(crm, { method: 'POST', body: JSON.stringify({ event_id: event.id }) });
  if (!answer.ok) throw new Error('the CRM answered ' + answer.status);
  done.add(event.id);
  appendFileSync('done', event.id + '\\n');
};
const once = (event) => {
  if (done.has(event.id)) return;
  if (!working.has(event.id)) working.set(event.id, work(event).finally(() => working.delete(event.id)));
  return working.get(event.id);
};
const handle = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (CRASH_ON && (CRASH_ON === 'any' || body.equals(Buffer.from(CRASH_ON)))) {
    console.error('TypeError: cannot read the event of \\u001b[31m' + secret);
    process.exit(7);
  }
  const expected = Buffer.from('sha256=' + createHmac('sha256', secret).update(body).digest('hex'));
  const given = Buffer.from(request.headers['x-sendemall-signature'] ?? '', 'latin1');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 401;
  let event;
  try {
    event = JSON.parse(body);
  } catch {
    return 400;
  }
  if (typeof event?.id !== 'string') return 400;
  if (crm) await once(event);
  return 200;
};
createServer((request, response) => {
  handle(request).then(
    (status) => response.writeHead(status).end(),
    (error) => {
      console.error(String(error));
      response.writeHead(500).end();
    },
  );
}).listen(Number(PORT), '127.0.0.1', () => console.log('listening on', PORT));
`;

export interface Workshop extends Disposable {
  readonly folder: string;
  readonly port: number;
  readonly url: string;
  /** Write a file into the folder. @returns its name */
  write(name: string, text: string): string;
  read(name: string): string;
  /** Ids of the processes that the receiver has started so far, and that still run. */
  alive(): readonly number[];
  verify(args: readonly string[], options?: RunOptions): Promise<Ran>;
  keepVerifying(args: readonly string[], options?: RunOptions): Running;
}

/** False also for a zombie: it has ended, and waits for its parent. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/\) Z /.test(stat);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync('/proc/self');
  }
};

/** A folder with the receiver `receiver.cjs`, and a free port for it. */
export const createWorkshop = async (): Promise<Workshop> => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-exec-'));
  const port = await freePort();
  const pathOf = (name: string): string => join(folder, name);
  const write = (name: string, text: string): string => {
    writeFileSync(pathOf(name), text);
    return name;
  };
  write('receiver.cjs', RECEIVER);
  const settings = ({ env = {}, ...rest }: RunOptions = {}): RunOptions => ({
    cwd: folder,
    ...rest,
    env: { XDG_CACHE_HOME: pathOf('.cache'), GITHUB_ACTIONS: '', PORT: String(port), ...env },
  });
  return {
    folder,
    port,
    url: `http://127.0.0.1:${port}/webhooks/sendemall`,
    write,
    read: (name) => readFileSync(pathOf(name), 'utf8'),
    alive: () =>
      existsSync(pathOf('pids'))
        ? readFileSync(pathOf('pids'), 'utf8').trim().split('\n').map(Number).filter(isAlive)
        : [],
    verify: (args, options) => run(['verify', ...args], settings(options)),
    keepVerifying: (args, options) => keepRunning(['verify', ...args], settings(options)),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
};

/** The command of {@link Workshop}'s receiver. */
export const COMMAND = `"${process.execPath}" receiver.cjs`;
