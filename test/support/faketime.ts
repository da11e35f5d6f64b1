/**
 * The date of a single process, shifted by libfaketime.
 *
 * @module
 */
import { existsSync } from 'node:fs';

const LIBRARY = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));

/** Why no date can be shifted here; null if it can. */
export const noFaketime =
  LIBRARY === undefined ? 'libfaketime is not installed (apt-get install faketime)' : null;

/** Environment variables of a process whose date is shifted. @param offset e.g. `{ FAKETIME: '+2h' }`, or a file with that text */
export const shiftedDate = (
  offset: { readonly FAKETIME: string } | { readonly FAKETIME_TIMESTAMP_FILE: string },
): Readonly<Record<string, string>> => ({
  LD_PRELOAD: LIBRARY ?? '',
  FAKETIME_NO_CACHE: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  ...offset,
});
