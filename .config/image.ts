/**
 * Builds the image from the built tree. What is given on the command line is handed to
 * `docker build`: `npm run image -- --build-arg BASE=my-registry/node:24 --tag other-name`.
 *
 * @module
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
};
const revision = (): string => {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
};

const args = ['build', '--file', 'docker/Dockerfile'];
args.push('--tag', 'sendemall-mock', '--tag', `sendemall-mock:${version}`);
args.push('--build-arg', `VERSION=${version}`, '--build-arg', `REVISION=${revision()}`);
const { status, error } = spawnSync('docker', [...args, ...process.argv.slice(2), '.'], {
  cwd: root,
  stdio: 'inherit',
});
if (error !== undefined) {
  console.error(`docker cannot be run (${error.message}): install Docker, or put it on the PATH.`);
}
process.exitCode = status ?? 1;
