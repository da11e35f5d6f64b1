/**
 * The same receiver with nothing but Node, almost two seconds slow.
 *
 * @module
 */
import { build as buildNodeHttp } from './node-http.ts';
import type { Build } from './run.ts';

const SLOW_MS = 1800;

export const build: Build = async (secret, store) => {
  const listener = await buildNodeHttp(secret, store);
  return (request, response) => {
    setTimeout(() => listener(request, response), SLOW_MS);
  };
};
