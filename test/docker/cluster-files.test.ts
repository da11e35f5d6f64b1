/**
 * `docker/compose.cluster.yaml`, `docker/haproxy.cfg` and `docker/kubernetes.yaml` fit each other and the options of `serve`.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { serveCommand } from '../../src/cli/serve/options.ts';

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docker/${name}`, import.meta.url)), 'utf8');

const variables = new Set(serveCommand().options.map(({ envVar }) => envVar));

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

describe('files for several nodes', () => {
  const { services } = parse(read('compose.cluster.yaml'), { merge: true }) as {
    services: Record<string, Service>;
  };
  const nodes = Object.entries(services).filter(([name]) => name.startsWith('node-'));

  test('the nodes share one database, and have only options that exist', () => {
    expect(nodes).toHaveLength(3);
    for (const [, { environment = {}, depends_on: waits }] of nodes) {
      expect(Object.keys(environment).filter((name) => !variables.has(name))).toEqual([]);
      expect(environment['SENDEMALL_MOCK_DB']).toMatch(/^postgres:\/\/.*@database\//u);
      expect(waits).toEqual({ database: { condition: 'service_healthy' } });
    }
  });

  test('the load balancer knows each node, and tries another one if a connection is refused', () => {
    const config = read('haproxy.cfg');
    const servers = [...config.matchAll(/^ {2}server (\S+) (\S+)$/gmu)];
    expect(servers.map(([, name, address]) => [name, address])).toEqual(
      nodes.map(([name]) => [name, `${name}:7363`]),
    );
    expect(config).toContain('retry-on conn-failure');
    expect(config).toContain('option httpchk GET /readyz');
    expect(Object.keys(services['balancer']?.depends_on ?? {})).toEqual(
      nodes.map(([name]) => name),
    );
  });

  test('the Kubernetes manifest runs the nodes with options that exist, behind a service', () => {
    const [deployment, service] = parseAllDocuments(read('kubernetes.yaml')).map(
      (document) => document.toJS() as Record<string, any>,
    );
    const { template, selector } = deployment!['spec'];
    const [container] = template.spec.containers;
    for (const { name } of container.env as { name: string }[])
      expect(variables.has(name)).toBe(true);
    expect(container.readinessProbe.httpGet.path).toBe('/readyz');
    expect(service!['spec'].selector).toEqual(selector.matchLabels);
  });
});
