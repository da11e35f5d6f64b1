/**
 * The root of the package, whether this code runs from source, compiled or bundled.
 *
 * @module
 */
import { existsSync } from 'node:fs';

const rootFrom = (here: URL): URL => {
  const folder = new URL('.', here);
  if (existsSync(new URL('package.json', folder))) return folder;
  const parent = new URL('..', folder);
  if (parent.href === folder.href) throw new Error(`No package.json above ${here.href}`);
  return rootFrom(parent);
};

export const packageRoot = (): URL => rootFrom(new URL(import.meta.url));
