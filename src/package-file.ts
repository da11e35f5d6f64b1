/**
 * Reads files of the package, whether this code runs from source, compiled or bundled. In an executable, the build replaces
 * this module by one that reads its assets.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

const rootFrom = (here: URL): URL => {
  const folder = new URL('.', here);
  if (existsSync(new URL('package.json', folder))) return folder;
  const parent = new URL('..', folder);
  if (parent.href === folder.href) throw new Error(`No package.json above ${here.href}`);
  return rootFrom(parent);
};

export const packageRoot = (): URL => rootFrom(new URL(import.meta.url));

/** @param path relative to the package root */
export const readPackageFile = (path: string): Promise<string> =>
  readFile(new URL(path, packageRoot()), 'utf8');

/** Names of the files in a folder; null if there is no such folder. @param path relative to the package root, with its last slash */
export const listPackageFolder = async (path: string): Promise<readonly string[] | null> => {
  const folder = new URL(path, packageRoot());
  return existsSync(folder) ? readdir(folder) : null;
};
