/**
 * Rejects an unsupported version of vitest, before a missing feature causes an obscure error.
 *
 * @module
 */
import { createRequire } from 'node:module';

/** The peer range allows every version, so that the command can be installed alongside an older vitest. */
const MIN_MAJOR = 3;

const { version } = createRequire(import.meta.url)('vitest/package.json') as { version: string };

if (Number.parseInt(version, 10) < MIN_MAJOR) {
  throw new Error(
    `sendemall-mock/vitest requires vitest ${MIN_MAJOR} or newer; found vitest ${version}. Run: npm install --save-dev vitest@latest. ` +
      'createMock and createClient from sendemall-mock work with any test runner.',
  );
}
