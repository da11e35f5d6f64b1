/**
 * Where compilers and package managers keep what they fetch and build, for a user whose home folder cannot be written.
 *
 * @module
 */
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const isWritable = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

/** Environment variables; none where the usual places will do. @param folder of the test, which it removes */
export const toolCaches = (folder: string): NodeJS.ProcessEnv =>
  isWritable(homedir())
    ? {}
    : {
        GOCACHE: join(folder, 'go-build'),
        GOPATH: join(folder, 'go'),
        GOFLAGS: '-modcacherw',
        CARGO_HOME: join(folder, 'cargo'),
        npm_config_cache: join(folder, 'npm'),
        MAVEN_OPTS: `-Dmaven.repo.local=${join(folder, 'maven')}`,
      };
