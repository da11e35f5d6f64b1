/**
 * Name and version of this package, for the report.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Report } from '../report.ts';

/** The nearest package.json. By hand: Bun has no `findPackageJSON`. */
const manifestAbove = (folder: URL): URL => {
  const file = new URL('package.json', folder);
  if (existsSync(file)) return file;
  const above = new URL('..', folder);
  if (above.href === folder.href) throw new Error('the package.json of sendemall-mock is missing');
  return manifestAbove(above);
};

/** Read at run time: an import would copy package.json into the build. */
export const tool = (): Report['tool'] => {
  const file = manifestAbove(new URL('.', import.meta.url));
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Report['tool'];
  return { name, version };
};
