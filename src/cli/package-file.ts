/**
 * Reads files of the package, whether this code runs from source or from the bundle.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

const rootFrom = (here: URL): URL => {
  const folder = new URL('.', here);
  if (existsSync(new URL('package.json', folder))) return folder;
  const parent = new URL('..', folder);
  if (parent.href === folder.href) throw new Error(`No package.json above ${here.href}`);
  return rootFrom(parent);
};

/** @param path relative to the package root */
export const readPackageFile = (path: string): Promise<string> =>
  readFile(new URL(path, rootFrom(new URL(import.meta.url))), 'utf8');
