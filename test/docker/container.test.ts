/**
 * The image, built from the sources and run by a real engine.
 *
 * @module
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { createClient } from '../../src/client/create-client.ts';
import { answer, startReceiver } from '../support/receiver.ts';
import { dockerTest, removeImage } from './docker-test.ts';
import { BASE, docker, done, healthy, made, start, until } from './engine.ts';

/** As strict as an orchestrator can be. */
const STRICT = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
const SECRET = 'whsec_your-signing-secret';
const MB = 1_000_000;

afterAll(removeImage);

describe('the image', () => {
  dockerTest('says what it is and how it runs', async ({ image }) => {
    const [{ Config: config }] = JSON.parse(await done('image', 'inspect', image));
    expect(config).toMatchObject({
      User: '1000:1000',
      Entrypoint: ['sendemall-mock'],
      Cmd: ['serve', '--host', '0.0.0.0'],
      ExposedPorts: { '7363/tcp': {} },
      Volumes: { '/data': {} },
      WorkingDir: '/data',
      Healthcheck: { Test: ['CMD', 'sendemall-mock', 'health', '--watch', '20s'] },
    });
    expect(config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'sendemall-mock',
      'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.version': '1.2.3',
    });
  });

  dockerTest('adds at most 15 MB to its base', async ({ image }) => {
    const size = async (name: string) =>
      Number(await done('image', 'inspect', '--format', '{{.Size}}', name));
    expect((await size(image)) - (await size(BASE))).toBeLessThan(15 * MB);
  });

  dockerTest('holds nothing of the tree but the built command', async ({ image }) => {
    const listed = await done('run', '--rm', '--entrypoint', 'ls', image, '/opt/sendemall-mock');
    expect(listed.split('\n')).toEqual([
      'LICENSE',
      'dist',
      'package.json',
      'schemas',
      'spec',
      'src',
    ]);
  });
});

describe('a container', () => {
  dockerTest(
    'delivers to a receiver on the host, with no right that it does not need',
    async ({ image }) => {
      await using receiver = await startReceiver(answer(204), 0, '0.0.0.0');
      await using container = await start(
        ...STRICT,
        '--add-host',
        'host.docker.internal:host-gateway',
        image,
      );
      const client = createClient({ baseUrl: await healthy(container), apiKey: 'docker' });
      const url = `http://host.docker.internal:${receiver.port}/webhooks/sendemall`;
      await client.webhooks.create({ url, events: ['*'], secret: SECRET });
      const { deliveries } = await client.events.trigger({ event: 'email.replied' });
      const { delivery } = await client.deliveries.wait(deliveries[0]!.id);
      expect(delivery.status).toBe('delivered');
      expect(receiver.received).toHaveLength(1);
      // What is loaded late is in the image too.
      expect((await fetch(`${client.baseUrl}/metrics`)).status).toBe(200);
      expect((await container.exec('sendemall-mock', 'spec', 'asyncapi', '--yaml')).status).toBe(0);
    },
  );

  dockerTest('is not root, and writes nowhere but in its volume', async ({ image }) => {
    await using container = await start(...STRICT, image);
    expect((await container.exec('id', '-u')).stdout).toBe('1000');
    const writable = await container.exec(
      'sh',
      '-c',
      'for f in / /opt/sendemall-mock /tmp /data; do test -w $f && echo $f; done',
    );
    expect(writable.stdout).toBe('/data');
  });

  dockerTest(
    'is one process, which ends on SIGTERM at once and with status 0',
    async ({ image }) => {
      await using container = await start('--no-healthcheck', image);
      const client = createClient({
        baseUrl: await until('ready', async () => {
          const url = await container.url();
          return fetch(`${url}/readyz`).then(
            () => url,
            () => null,
          );
        }),
        apiKey: 'docker',
      });
      const processes = await done('top', container.id);
      expect(processes.split('\n').slice(1)).toEqual([expect.stringContaining('node ')]);
      // Someone who listens does not hold it up.
      const stream = await client.stream();
      await done('stop', '--time', '5', container.id);
      expect(stream).toBeDefined();
      expect(await container.inspect('.State.ExitCode')).toBe(0);
      expect(await container.inspect('.State.OOMKilled')).toBe(false);
    },
  );

  dockerTest('takes flags of serve and other commands in place of its own', async ({ image }) => {
    await using container = await start(image, 'serve', '--clock', 'skip', '--seed', '7', '--json');
    const client = createClient({ baseUrl: await healthy(container), apiKey: 'docker' });
    expect(await client.clock.get()).toMatchObject({ mode: 'skip' });
    expect(await done('run', '--rm', image, '--version')).toBe(packageJson.version);
    const { status, stderr } = await docker('run', '--rm', image, 'serve', '--clock', 'fast');
    expect(stderr).toContain('Invalid --clock "fast". Pass realtime, skip, frozen, or a rate');
    expect(status).toBe(2);
  });

  dockerTest('is healthy at another port that its environment names', async ({ image }) => {
    await using container = await start('--env', 'SENDEMALL_MOCK_PORT=8080', image, 'serve');
    await until('healthy', async () =>
      (await container.inspect<string>('.State.Health.Status')) === 'healthy' ? true : null,
    );
  });

  dockerTest(
    'keeps state in its volume, through a restart, a kill and a new container',
    async ({ image }) => {
      await using volume = await made('volume');
      const args = [
        '--volume',
        `${volume.name}:/data`,
        '--env',
        'SENDEMALL_MOCK_DB=/data/sandbox.db',
      ];
      const webhook = { url: 'http://receiver.test/', events: ['*'] as ['*'], secret: SECRET };
      {
        await using first = await start(...STRICT, ...args, image);
        const before = createClient({ baseUrl: await healthy(first), apiKey: 'docker' });
        await before.webhooks.create(webhook);
        await done('restart', '--time', '5', first.id);
        const after = createClient({ baseUrl: await healthy(first), apiKey: 'docker' });
        expect(await after.webhooks.list()).toHaveLength(1);
        await after.webhooks.create(webhook);
        await done('kill', first.id);
      }
      await using second = await start(...STRICT, ...args, image);
      const later = createClient({ baseUrl: await healthy(second), apiKey: 'docker' });
      expect(await later.webhooks.list()).toHaveLength(2);
    },
  );

  dockerTest('says so when its volume cannot be written', async ({ image, skip }) => {
    if (process.getuid?.() !== 0)
      return skip('only root can make a folder that user 1000 cannot write');
    const folder = mkdtempSync(join(tmpdir(), 'sendemall-mock-volume-'));
    chmodSync(folder, 0o755);
    try {
      const mount = ['--volume', `${folder}:/data`, '--env', 'SENDEMALL_MOCK_DB=/data/sandbox.db'];
      const { status, stderr } = await docker('run', '--rm', ...mount, image);
      expect(stderr).toContain('Cannot keep state in /data/sandbox.db: ');
      expect(stderr).toContain('user 1000 must be able to write there');
      expect(stderr).not.toContain('    at ');
      expect(status).toBe(2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
