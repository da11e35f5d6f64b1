/**
 * The image: its size beyond the base image, the time until a container is healthy, the memory of an idle one.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BASE, buildImage, done, healthy, start, whyNoEngine } from '../docker/engine.ts';
import { median } from './support.ts';

const ROUNDS = 7;
/** Long enough for the health check to run at its regular interval. */
const IDLE_MS = 9000;
const MB = 1_000_000;

const sizeOf = async (image: string): Promise<number> =>
  Number(await done('image', 'inspect', '--format', '{{.Size}}', image));

/** Milliseconds from `docker run` until Docker reports the container as healthy. */
const timeToHealthy = async (image: string): Promise<number> => {
  const begun = performance.now();
  await using container = await start('--read-only', image);
  await healthy(container);
  return performance.now() - begun;
};

/** Memory in MB, according to `docker stats`. */
const idleMemory = async (image: string): Promise<number> => {
  await using container = await start('--read-only', image);
  await healthy(container);
  await sleep(IDLE_MS);
  const shown = await done('stats', '--no-stream', '--format', '{{.MemUsage}}', container.id);
  const [, amount, unit] = /^([\d.]+)([KMG])iB/u.exec(shown) ?? [];
  return (Number(amount) * { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[unit as 'K' | 'M' | 'G']) / MB;
};

/** @returns null, with a line on stderr, if there is no Docker engine */
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
