/**
 * Files that come with the package, found from wherever this code runs (source or bundle).
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

/** @param path from the package's root */
export const readPackageFile = (path: string): Promise<string> =>
  readFile(new URL(path, rootFrom(new URL(import.meta.url))), 'utf8');
