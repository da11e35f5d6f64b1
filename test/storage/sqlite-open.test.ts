/**
 * Opening a file: only one process can, and a file that cannot be used is refused without being changed.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-open-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);
const makeStore = async (file: string): Promise<void> => {
  await (await openSqliteStore({ file })).close();
};

const source = JSON.stringify(
  new URL('../../src/storage/sqlite/sqlite-store.ts', import.meta.url).href,
);
const holder = `
  import { openSqliteStore } from ${source};
  try {
    const user = Number(process.argv[2]);
    if (user > 0) {
      process.setegid(user);
      process.seteuid(user);
    }
    await openSqliteStore({ file: process.argv[1] });
    console.log('open');
    setInterval(() => undefined, 1000);
  } catch (error) {
    console.log(error.name + ': ' + error.message);
  }
`;

interface Holder {
  readonly pid: number;
  /** `open`, or the error. */
  readonly output: string;
  kill(): Promise<void>;
}

/**
 * Starts a process that opens the file and keeps it open.
 *
 * @param uid user to switch to once the sources are loaded, because their folder may be accessible to root only
 */
const hold = async (file: string, uid = 0): Promise<Holder> => {
  const args = ['--input-type=module', '-e', holder, file, String(uid)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const gone = once(child, 'exit');
  const [output] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    pid: child.pid ?? 0,
    output: output.toString().trim(),
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
};

/** Creates a database file and its log as a killed process leaves them, with the last commits in the log only. */
const leftBehind = (prepare: (db: DatabaseSync) => void): string => {
  const from = newFile();
  const to = newFile();
  const db = new DatabaseSync(from);
  db.exec('PRAGMA journal_mode = WAL');
  prepare(db);
  for (const end of ['', '-wal']) copyFileSync(from + end, to + end);
  db.close();
  return to;
};

/** Expects that opening fails with this message, and that neither the file nor its log changes. */
const expectRefusedUntouched = async (file: string, message: RegExp): Promise<void> => {
  const read = (): (Buffer | null)[] =>
    ['', '-wal'].map((end) => (existsSync(file + end) ? readFileSync(file + end) : null));
  const before = read();
  const error = (await openSqliteStore({ file }).catch((reason: unknown) => reason)) as Error;
  expect(error).toMatchObject({ name: 'StoreError' });
  expect(error.message).toMatch(message);
  expect(error.message).toContain(file);
  expect(read()).toEqual(before);
};

describe('a file that is open in another process', () => {
  test('is refused, and available again after that process is killed', async () => {
    const file = newFile();
    const other = await hold(file);
    expect(other.output).toBe('open');
    const error = (await openSqliteStore({ file }).catch((reason: unknown) => reason)) as Error;
    expect(error.message).toMatch(/open in another process( \(pid \d+\))?\. .*another db\.$/u);
    if (process.platform === 'linux') expect(error.message).toContain(`(pid ${other.pid})`);
    await other.kill();
    await makeStore(file);
  });

  test('is refused if it existed before, and if its log was left behind', async () => {
    const file = newFile();
    await makeStore(file);
    const first = await hold(file);
    await expect(openSqliteStore({ file })).rejects.toThrow(/it is open in/u);
    await first.kill();
    const second = await hold(file);
    expect(second.output).toBe('open');
    await expect(openSqliteStore({ file })).rejects.toThrow(/it is open in/u);
    await second.kill();
    await makeStore(file);
  });

  test('is opened by exactly one of several processes that try at the same time', async () => {
    const file = newFile();
    const all = await Promise.all(Array.from({ length: 4 }, () => hold(file)));
    const outputs = all.map(({ output }) => output);
    expect(outputs.filter((one) => one === 'open')).toHaveLength(1);
    for (const one of outputs) expect(one).toMatch(/^open$|^StoreError: .*it is open in/u);
    await Promise.all(all.map((one) => one.kill()));
  });

  test('is refused within the same process, too', async () => {
    const file = newFile();
    const store = await openSqliteStore({ file });
    await expect(openSqliteStore({ file })).rejects.toThrow(/it is open in/u);
    await store.close();
    await makeStore(file);
  });
});

describe('refused without a change:', () => {
  test('a file of a newer version', async () => {
    const file = newFile();
    await makeStore(file);
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 999');
    db.close();
    await expectRefusedUntouched(file, /newer version.*999.*Update/u);
  });

  test('a file of a newer version whose process was killed', async () => {
    const file = newFile();
    await makeStore(file);
    const newer = leftBehind((db) => {
      const id = new DatabaseSync(file).prepare('PRAGMA application_id').get()?.['application_id'];
      db.exec(
        `PRAGMA application_id = ${String(id)}; PRAGMA user_version = 999; CREATE TABLE more (a)`,
      );
    });
    await expectRefusedUntouched(newer, /newer version.*999.*Update/u);
  });

  test.each([
    ['with tables', 'CREATE TABLE theirs (a)'],
    ['that is empty', 'PRAGMA application_id = 77'],
    ['with a version of its own', 'PRAGMA user_version = 3'],
  ])('the database of another program %s', async (_title, sql) => {
    const file = newFile();
    const db = new DatabaseSync(file);
    db.exec(sql);
    db.close();
    await expectRefusedUntouched(file, /another program.*does not exist yet/u);
  });

  test('the database of another program that was killed', async () => {
    const theirs = leftBehind((db) => db.exec('CREATE TABLE theirs (a)'));
    await expectRefusedUntouched(theirs, /another program/u);
  });

  test.each(['short', 'a letter to my grandmother, long enough to be looked at '.repeat(40)])(
    'a file that is not a database (%#)',
    async (text) => {
      const file = newFile();
      writeFileSync(file, text);
      await expectRefusedUntouched(file, /not a SQLite database.*does not exist yet/u);
    },
  );

  test('a damaged database', async () => {
    const file = newFile();
    await makeStore(file);
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, 100, 4096));
    await expectRefusedUntouched(file, /damaged/u);
  });
});

describe('a path that cannot be opened', () => {
  test('is a folder, or in a folder that does not exist', async () => {
    await expect(openSqliteStore({ file: folder })).rejects.toThrow(/it is a folder.*in it/u);
    await expect(openSqliteStore({ file: join(folder, 'none', 'a.db') })).rejects.toThrow(
      /does not exist.*Create it first/u,
    );
  });

  test('is a file or a folder without write permission', async () => {
    // Root can write everywhere, so try as another user.
    const other = process.getuid?.() === 0 ? 65_534 : 0;
    chmodSync(folder, 0o755);
    const file = newFile();
    await makeStore(file);
    chmodSync(file, 0o444);
    expect((await hold(file, other)).output).toMatch(/StoreError: .*is not writable.*writable/u);
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o555);
    expect((await hold(join(closed, 'a.db'), other)).output).toMatch(
      /StoreError: .*cannot be opened.*permissions/u,
    );
  });
});

describe('opening a file', () => {
  test('accepts an existing empty file', async () => {
    const file = newFile();
    writeFileSync(file, '');
    await makeStore(file);
    await makeStore(file);
  });

  test('prints no warning', async () => {
    const script = `
      import { openSqliteStore } from ${source};
      await (await openSqliteStore({ file: process.argv[1] })).close();
      process.emitWarning('of somebody else', 'ExperimentalWarning');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, newFile()]);
    children.push(child);
    let printed = '';
    child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await once(child, 'close');
    expect(printed).not.toContain('SQLite');
    expect(printed).toContain('of somebody else');
  });
});
