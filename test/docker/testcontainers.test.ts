/**
 * `sendemall-mock/testcontainers` against a real engine, as a user's tests would use it.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { SandboxContainerError, SendEmAllContainer } from '../../src/testcontainers/index.ts';
import { answer, startReceiver } from '../support/receiver.ts';
import { dockerTest, removeImage } from './docker-test.ts';
import { docker, made } from './engine.ts';

const SECRET = 'whsec_your-signing-secret';

// Its helper's image is in a registry only; every test here stops what it starts.
process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';

afterAll(removeImage);

describe('SendEmAllContainer', () => {
  dockerTest('starts a sandbox that delivers to a receiver of the test', async ({ image }) => {
    await using receiver = await startReceiver(answer(204), 0, '0.0.0.0');
    await using sandbox = await new SendEmAllContainer(image).withSeed(7).withClock('skip').start();
    expect(sandbox.getBaseUrl()).toMatch(/^http:\/\/[^/]+:\d+$/u);
    const client = sandbox.getClient('this-test');
    const url = `http://${sandbox.getReceiverHost()}:${receiver.port}/webhooks/sendemall`;
    await client.webhooks.create({ url, events: ['*'], secret: SECRET });
    const { deliveries } = await client.events.trigger({ event: 'email.bounced' });
    const { delivery } = await client.deliveries.wait(deliveries[0]!.id);
    expect(delivery.status).toBe('delivered');
    expect(receiver.received).toHaveLength(1);
    expect(await client.clock.get()).toMatchObject({ mode: 'skip' });

    // Another test shares the container, and neither its webhooks nor its clock.
    const other = sandbox.getClient('that-test');
    await other.clock.set({ mode: 'frozen' });
    expect(await other.webhooks.list()).toEqual([]);
    expect(await client.clock.get()).toMatchObject({ mode: 'skip' });
  });

  dockerTest('takes a seed: the same data each time', async ({ image }) => {
    const reply = async (): Promise<string> => {
      await using sandbox = await new SendEmAllContainer(image).withSeed(42).start();
      const { events } = sandbox.getClient();
      const triggered = await events.trigger({ event: 'email.replied' });
      return JSON.stringify((await events.get(triggered.events[0]!.id)).data);
    };
    const first = await reply();
    expect(first).toContain('lead_email');
    expect(await reply()).toBe(first);
  });

  dockerTest('allows only the keys that it was given', async ({ image }) => {
    await using sandbox = await new SendEmAllContainer(image)
      .withApiKey('first-key')
      .withApiKey('second-key')
      .start();
    expect(await sandbox.getClient().webhooks.list()).toEqual([]);
    expect(await sandbox.getClient('second-key').webhooks.list()).toEqual([]);
    await expect(sandbox.getClient('third-key').webhooks.list()).rejects.toMatchObject({
      status: 401,
    });
  });

  dockerTest('forwards everything to a receiver on localhost', async ({ image }) => {
    await using receiver = await startReceiver(answer(204), 0, '0.0.0.0');
    await using sandbox = await new SendEmAllContainer(image)
      .withForwardTo(`http://localhost:${receiver.port}/hooks?a=1`, { secret: SECRET })
      .start();
    const { deliveries } = await sandbox.getClient().events.trigger({ event: 'email.opened' });
    const { delivery } = await sandbox.getClient().deliveries.wait(deliveries[0]!.id);
    expect(delivery.status).toBe('delivered');
    expect(receiver.received[0]?.path).toBe('/hooks?a=1');
  });

  dockerTest('keeps its database through a restart', async ({ image }) => {
    await using sandbox = await new SendEmAllContainer(image).withDatabase().start();
    await sandbox
      .getClient()
      .webhooks.create({ url: 'http://receiver.test/', events: ['*'], secret: SECRET });
    await sandbox.restart();
    expect(await sandbox.getClient().webhooks.list()).toHaveLength(1);
  });

  dockerTest('keeps its database in a volume that outlives it', async ({ image }) => {
    await using volume = await made('volume');
    const count = async (): Promise<number> => {
      await using sandbox = await new SendEmAllContainer(image)
        .withDatabase(volume.name, 'tests.db')
        .start();
      const { webhooks } = sandbox.getClient();
      await webhooks.create({ url: 'http://receiver.test/', events: ['*'], secret: SECRET });
      return (await webhooks.list()).length;
    };
    expect(await count()).toBe(1);
    expect(await count()).toBe(2);
  });
});

/** What `start` fails with. */
const failureOf = async (container: SendEmAllContainer): Promise<Error> => {
  try {
    await using sandbox = await container.start();
    throw new Error(`it started at ${sandbox.getBaseUrl()}`);
  } catch (error) {
    return error as Error;
  }
};

/** What a process of its own, with another environment, says when it cannot start a container. */
const printedBy = (image: string, env: NodeJS.ProcessEnv): Promise<string> => {
  const entry = fileURLToPath(new URL('../../src/testcontainers/index.ts', import.meta.url));
  const script = `
    const { SendEmAllContainer } = await import(${JSON.stringify(entry)});
    const container = new SendEmAllContainer(${JSON.stringify(image)});
    await container.start().catch((error) => console.log(error.name, error.message));`;
  const settings = {
    env: {
      ...env,
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      TESTCONTAINERS_RYUK_DISABLED: '',
    },
  };
  const args = ['--input-type=module', '--eval', script];
  return new Promise((resolve) => {
    execFile(process.execPath, args, settings, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
};

describe('what cannot be started says why and what to do', () => {
  dockerTest('an image that is nowhere', async ({ image }) => {
    expect(image).not.toBe('');
    const error = await failureOf(new SendEmAllContainer('registry.invalid/sendemall-mock:none'));
    expect(error).toBeInstanceOf(SandboxContainerError);
    expect(error.message).toMatch(
      /^Image registry.invalid\/sendemall-mock:none not found .*npm run image/u,
    );
  });

  dockerTest("an engine that cannot get testcontainers' helper", async ({ image, skip }) => {
    const helper = 'testcontainers/ryuk';
    const { status } = await docker('pull', '--quiet', helper);
    if (status === 0) return skip(`this engine can get ${helper}`);
    const printed = await printedBy(image, process.env);
    expect(printed).toMatch(
      /^SandboxContainerError .*cannot pull .*TESTCONTAINERS_RYUK_DISABLED=true/u,
    );
  });

  dockerTest('a port that is taken', async ({ image }) => {
    const server = createServer().listen(0, '0.0.0.0');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    try {
      const container = new SendEmAllContainer(image).withExposedPorts({
        container: 7363,
        host: port,
      });
      const error = await failureOf(container);
      expect(error).toBeInstanceOf(SandboxContainerError);
      expect(error.message).toMatch(
        /^The host port for the container is in use\. .*remove withExposedPorts\(\)/u,
      );
    } finally {
      server.close();
    }
  });

  dockerTest('an option that the sandbox refuses', async ({ image }) => {
    const error = await failureOf(new SendEmAllContainer(image).withClock('fast'));
    expect(error).toBeInstanceOf(SandboxContainerError);
    expect(error.message).toMatch(/exited before .*Invalid --clock "fast"\. Pass realtime/su);
  });

  dockerTest('a database where nothing can be written', async ({ image }) => {
    const container = new SendEmAllContainer(image).withEnvironment({
      SENDEMALL_MOCK_DB: '/proc/sandbox.db',
    });
    const error = await failureOf(container);
    expect(error.message).toMatch(/exited before .*Cannot keep state in \/proc\/sandbox.db: /su);
  });

  test('no engine', async ({ skip }) => {
    if (existsSync('/var/run/docker.sock'))
      return skip('an engine is at the place that is always tried');
    const printed = await printedBy('sendemall-mock', { DOCKER_HOST: 'unix:///nonexistent.sock' });
    expect(printed).toMatch(
      /^SandboxContainerError No Docker engine found .*DOCKER_HOST.*createMock\(\)/u,
    );
  });
});
