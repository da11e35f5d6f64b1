/**
 * Rejects an unsupported vitest before anything fails for lack of what it does not have.
 *
 * @module
 */
import { createRequire } from 'node:module';

/** The peer range admits every version, so that the command installs beside an older vitest. */
const MIN_MAJOR = 3;

const { version } = createRequire(import.meta.url)('vitest/package.json') as { version: string };

if (Number.parseInt(version, 10) < MIN_MAJOR) {
  throw new Error(
    `sendemall-mock/vitest requires vitest ${MIN_MAJOR} or newer; found vitest ${version}. Run: npm install --save-dev vitest@latest. ` +
      'createMock and createClient from sendemall-mock work with any test runner.',
  );
}
