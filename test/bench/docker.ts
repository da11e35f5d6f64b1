/**
 * The image: what it adds to its base, how soon a container is healthy, what an idle one needs.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BASE, buildImage, done, healthy, start, whyNoEngine } from '../docker/engine.ts';
import { median } from './support.ts';

const ROUNDS = 7;
/** By then the health check is on watch, as it is for the rest of a container's life. */
const IDLE_MS = 9000;
const MB = 1_000_000;

const sizeOf = async (image: string): Promise<number> =>
  Number(await done('image', 'inspect', '--format', '{{.Size}}', image));

/** Milliseconds from `docker run` until Docker calls it healthy. */
const timeToHealthy = async (image: string): Promise<number> => {
  const begun = performance.now();
  await using container = await start('--read-only', image);
  await healthy(container);
  return performance.now() - begun;
};

/** As `docker stats` shows it, in MB. */
const idleMemory = async (image: string): Promise<number> => {
  await using container = await start('--read-only', image);
  await healthy(container);
  await sleep(IDLE_MS);
  const shown = await done('stats', '--no-stream', '--format', '{{.MemUsage}}', container.id);
  const [, amount, unit] = /^([\d.]+)([KMG])iB/u.exec(shown) ?? [];
  return (Number(amount) * { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[unit as 'K' | 'M' | 'G']) / MB;
};

/** Null, and a line on stderr, where there is no engine. */
export const dockerFigures = async (): Promise<Record<string, number> | null> => {
  const reason = await whyNoEngine();
  if (reason !== null) {
    console.error(`Skipped: ${reason}`);
    return null;
  }
  await using image = await buildImage();
  const added = ((await sizeOf(image.name)) - (await sizeOf(BASE))) / MB;
  const healthyAfter: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    healthyAfter.push(await timeToHealthy(image.name));
  return {
    added_mb: added,
    healthy_ms: median(healthyAfter),
    slowest_ms: Math.max(...healthyAfter),
    idle_mb: await idleMemory(image.name),
  };
};
