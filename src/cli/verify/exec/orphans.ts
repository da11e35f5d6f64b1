/**
 * Processes that a receiver left behind outside of its process group: daemons and sessions of their own. They are found
 * by a marker in their environment, which Linux shows; elsewhere none are found.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** Environment variable of the marker. */
const MARKER = 'SENDEMALL_EXEC_ID';

export interface Marker {
  readonly env: Readonly<Record<string, string>>;
  /** Kill every process that has inherited the marker. */
  killAll(): void;
}

const environmentOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // It has ended, or belongs to another user.
    return '';
  }
};

const pids = (): readonly string[] => {
  if (process.platform !== 'linux') return [];
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
};

export const createMarker = (): Marker => {
  const id = randomUUID();
  return {
    env: { [MARKER]: id },
    killAll: () => {
      for (const pid of pids()) {
        if (Number(pid) === process.pid) continue;
        if (!environmentOf(pid).split('\0').includes(`${MARKER}=${id}`)) continue;
        try {
          process.kill(Number(pid), 'SIGKILL');
        } catch {
          // It has ended meanwhile.
        }
      }
    },
  };
};
