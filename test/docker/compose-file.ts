/**
 * Runs `docker/compose.yaml` and `docker/compose.cluster.yaml` with plain docker commands, as Compose would: not every engine has Compose. Knows what our
 * files use, and refuses what it does not know, so that the files and what is tested cannot part.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

export const COMPOSE_FILE = fileURLToPath(new URL('../../docker/compose.yaml', import.meta.url));
export const CLUSTER_FILE = fileURLToPath(
  new URL('../../docker/compose.cluster.yaml', import.meta.url),
);
const folder = fileURLToPath(new URL('../../docker/', import.meta.url));

const Service = z.strictObject({
  image: z.string(),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  restart: z.string().optional(),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  user: z.string().optional(),
  profiles: z.array(z.string()).default([]),
  depends_on: z
    .record(z.string(), z.strictObject({ condition: z.literal('service_healthy') }))
    .default({}),
  healthcheck: z
    .strictObject({
      test: z.array(z.string()),
      interval: z.string(),
      timeout: z.string(),
      retries: z.number(),
    })
    .optional(),
});
type Service = z.infer<typeof Service>;

const ComposeFile = z.strictObject({
  name: z.string(),
  'x-secret': z.unknown().optional(),
  'x-node': z.unknown().optional(),
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
});
export type ComposeFile = z.infer<typeof ComposeFile>;

/** @param env what `${NAME:-default}` in the file is read from */
export const readComposeFile = (
  env: Readonly<Record<string, string>>,
  path: string = COMPOSE_FILE,
): ComposeFile => {
  const text = readFileSync(path, 'utf8').replace(
    /\$\{(\w+):-([^}]*)\}/gu,
    (_whole, name: string, value: string) => env[name] ?? value,
  );
  return ComposeFile.parse(parse(text, { merge: true }));
};

const each = (flag: string, values: readonly string[]): string[] =>
  values.flatMap((value) => [flag, value]);

const health = ({ healthcheck }: Service): string[] => {
  if (healthcheck === undefined) return [];
  const { test, interval, timeout, retries } = healthcheck;
  return [
    '--health-cmd',
    test.slice(1).join(' '),
    '--health-interval',
    interval,
    '--health-timeout',
    timeout,
    '--health-retries',
    String(retries),
  ];
};

/** Paths of the file are its own folder's; volumes are named by the project. */
const mount = (text: string, project: string): string => {
  const [source = '', ...rest] = text.split(':');
  const from = source.startsWith('.') ? resolve(folder, source) : `${project}-${source}`;
  return [from, ...rest].join(':');
};

/** Arguments of `docker run` for one service of the project, but for `--detach` or `--rm`. */
export const runArguments = (file: ComposeFile, name: string, project: string): string[] => {
  const service = file.services[name];
  if (service === undefined) throw new Error(`${file.name} has no service ${name}`);
  return [
    '--network',
    project,
    '--network-alias',
    name,
    ...each(
      '--env',
      Object.entries(service.environment).map(([key, value]) => `${key}=${value}`),
    ),
    ...each('--publish', service.ports),
    ...each(
      '--volume',
      service.volumes.map((text) => mount(text, project)),
    ),
    ...each('--cap-drop', service.cap_drop),
    ...each('--security-opt', service.security_opt),
    ...each('--tmpfs', service.tmpfs),
    ...(service.restart === undefined ? [] : ['--restart', service.restart]),
    ...(service.read_only ? ['--read-only'] : []),
    ...(service.user === undefined ? [] : ['--user', service.user]),
    ...health(service),
    service.image,
    ...service.command,
  ];
};
