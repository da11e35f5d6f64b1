/**
 * `npm run test:peers [group …]`: the packed package where people install it, from a registry into `.tmp/peers`.
 *
 * @module
 */
import { INSTALLER_STEPS } from './installers.ts';
import { TESTCONTAINERS_STEPS, VITEST_STEPS } from './optional-peers.ts';
import { type Step, pack } from './packed.ts';
import { RUNNER_STEPS } from './runners.ts';
import { TYPESCRIPT_STEPS } from './typescript.ts';

const GROUPS: Readonly<Record<string, readonly Step[]>> = {
  vitest: VITEST_STEPS,
  testcontainers: TESTCONTAINERS_STEPS,
  runners: RUNNER_STEPS,
  typescript: TYPESCRIPT_STEPS,
  installers: INSTALLER_STEPS,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(GROUPS, name));
if (unknown.length > 0) {
  const known = Object.keys(GROUPS).join(', ');
  throw new Error(`Unknown group "${unknown.join('", "')}". Known groups: ${known}.`);
}

await pack();
for (const [group, steps] of Object.entries(GROUPS)) {
  if (wanted.length > 0 && !wanted.includes(group)) continue;
  for (const { name, attempt } of steps) {
    try {
      console.log(`ok    ${name.padEnd(28)} ${await attempt()}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`FAIL  ${name.padEnd(28)} ${(error as Error).message}`);
    }
  }
}
