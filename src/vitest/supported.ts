/**
 * Says which vitest is needed, before one that is too old fails over what it does not have.
 *
 * @module
 */
import { createRequire } from 'node:module';

/** As in `peerDependencies`: matchers are typed in another way before. */
const OLDEST = 5;

const { version } = createRequire(import.meta.url)('vitest/package.json') as { version: string };

if (Number.parseInt(version, 10) < OLDEST) {
  throw new Error(
    `sendemall-mock/vitest needs vitest ${OLDEST}.0 or newer, and this is vitest ${version}. Update it: npm install --save-dev vitest@${OLDEST}. ` +
      'With this one you can still use createMock and createClient from sendemall-mock.',
  );
}
