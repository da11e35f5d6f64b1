/**
 * `docker/compose.cluster.yaml` on a real engine: three nodes share a sandbox, and one is killed.
 *
 * @module
 */
import { afterAll, describe, expect } from 'vitest';
import { apiOf, type Reply } from '../support/api.ts';
import { freePort } from '../support/process.ts';
import { haproxyImage, postgresImage } from './cluster-images.ts';
import { CLUSTER_FILE, readComposeFile, runArguments } from './compose-file.ts';
import { dockerTest, removeImage } from './docker-test.ts';
import { docker, healthy, made, start, until, type Container } from './engine.ts';

const NODE = 'x-sendemall-node';
const MAX_SECONDS = 60;

afterAll(removeImage);

describe('compose.cluster.yaml', () => {
  dockerTest(
    'brings up nodes behind a load balancer, which serve on when one is killed',
    { timeout: 300_000 },
    async ({ image, skip }) => {
      const standard = readComposeFile({}, CLUSTER_FILE).services;
      const postgres = await postgresImage(standard['database']!.image);
      const haproxy = await haproxyImage(standard['balancer']!.image);
      if (postgres === null || haproxy === null)
        return skip('there is no image of PostgreSQL or HAProxy, and no program to make one of');
      const port = await freePort();
      const settings = {
        SENDEMALL_MOCK_IMAGE: image,
        SENDEMALL_MOCK_POSTGRES: postgres,
        SENDEMALL_MOCK_HAPROXY: haproxy,
        SENDEMALL_MOCK_PORT: String(port),
        SENDEMALL_MOCK_CLOCK: 'frozen',
      };
      const file = readComposeFile(settings, CLUSTER_FILE);
      await using network = await made('network');
      const run = (name: string): Promise<Container> =>
        start(...runArguments(file, name, network.name));
      try {
        await using database = await run('database');
        await healthy(database, MAX_SECONDS);
        await using one = await run('node-1');
        await using two = await run('node-2');
        await using three = await run('node-3');
        const nodes = [one, two, three];
        for (const node of nodes) await healthy(node, MAX_SECONDS);
        await using balancer = await run('balancer');
        expect(balancer.id).not.toBe('');
        const url = `http://127.0.0.1:${port}`;
        const api = apiOf(url);
        const ask = (): Promise<Reply | null> => api.get('/_sandbox/clock').catch(() => null);
        const answered = (): Promise<Reply> =>
          until('served', async () => ((await ask())?.status === 200 ? ask() : null), MAX_SECONDS);

        await answered();
        await api.register('http://127.0.0.1:9/');
        const id = await api.trigger();
        const owner = (await answered()).headers.get(NODE);
        const names = await Promise.all(
          nodes.map(async (node) => (await fetch(`${await node.url()}/livez`)).headers.get(NODE)),
        );
        expect(new Set(names).size).toBe(3);
        expect(names).toContain(owner);

        await docker('kill', nodes[names.indexOf(owner)]!.id);
        const reply = await answered();
        expect(names).toContain(reply.headers.get(NODE));
        expect(reply.headers.get(NODE)).not.toBe(owner);
        expect((await api.delivery(id)).status).not.toBe('dead');
        await api.advance({ until: 'settled' });
        expect((await api.delivery(id)).status).toBe('dead');
      } finally {
        await docker('volume', 'rm', '--force', `${network.name}-database`);
      }
    },
  );
});
