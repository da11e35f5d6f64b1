/**
 * Name and version of this package, as a report tells them.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import type { Report } from './report.ts';

/** Looked up when asked: an import would put a second package.json into what is built. */
export const tool = (): Report['tool'] => {
  const file = findPackageJSON(import.meta.url);
  if (file === undefined) throw new Error('the package.json of sendemall-mock is missing');
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Report['tool'];
  return { name, version };
};
