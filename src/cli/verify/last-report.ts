/**
 * The failed checks of the last run against a URL from a working directory, for `--failed` and `--watch`.
 *
 * They are kept in the user's cache directory, so that nothing appears in the working directory: `sendemall-mock/` in
 * `$XDG_CACHE_HOME` or `~/.cache`, on macOS in `~/Library/Caches`, on Windows in `%LOCALAPPDATA%`.
 * A file holds ids only, and is deleted 30 days after its last run.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import envPaths from 'env-paths';
import * as z from 'zod';
import { CATALOGUE } from '../../conformance/catalogue.ts';
import { isActive } from '../../conformance/check.ts';
import type { Report } from '../../conformance/report.ts';

const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

const Stored = z.object({ target: z.string(), failed: z.array(z.string()) });

export interface LastReport {
  /** Ids of the checks that failed; null if there was no run. */
  failed(): readonly string[] | null;
  /**
   * Keep the failed checks of a run.
   *
   * @param isWhole whether the run was not restricted to failed checks: then nothing of earlier runs is kept
   */
  save(report: Report, isWhole: boolean): void;
}

/** Failed checks, with those whose failure another one explains. */
const failedIn = ({ checks }: Report): readonly string[] => [
  ...new Set(
    checks
      .filter(({ status }) => status === 'fail' || status === 'error')
      .flatMap(({ id, decides }) => [id, ...decides]),
  ),
];

const deleteOld = (folder: string, now: number): void => {
  for (const name of readdirSync(folder)) {
    if (!/^verify-[0-9a-f]+\.json$/.test(name)) continue;
    const file = join(folder, name);
    if (statSync(file).mtimeMs < now - MAX_AGE_MS) rmSync(file, { force: true });
  }
};

/** @param target URL of the receiver */
export const createLastReport = (target: string): LastReport => {
  const folder = envPaths('sendemall-mock', { suffix: '' }).cache;
  const key = createHash('sha256').update(`${process.cwd()}\n${target}`).digest('hex').slice(0, 16);
  const file = join(folder, `verify-${key}.json`);
  const failed = (): readonly string[] | null => {
    try {
      const { failed: ids } = Stored.parse(JSON.parse(readFileSync(file, 'utf8')));
      // Another version may have had other checks.
      return ids.filter((id) => CATALOGUE.some((check) => check.id === id));
    } catch {
      return null;
    }
  };
  return {
    failed,
    save: (report, isWhole) => {
      const wasDecided = (id: string): boolean =>
        report.checks.some((check) => check.id === id && check.status !== 'not_tested');
      const before = isWhole && report.cut_off === null ? [] : (failed() ?? []);
      const ids = new Set([...failedIn(report), ...before.filter((id) => !wasDecided(id))]);
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(file, `${JSON.stringify({ target: report.target, failed: [...ids] })}\n`);
        deleteOld(folder, Date.parse(report.started_at));
      } catch {
        // Without a cache, only --failed does not work, and it says so.
      }
    },
  };
};

/**
 * Choose the checks to run again: the failed ones that send requests. The others judge the requests of a whole run, so
 * they wait until nothing else fails.
 *
 * @returns ids; null for the whole selection
 */
export const rerunSelection = (failed: readonly string[]): readonly string[] | null => {
  const active = CATALOGUE.filter((check) => isActive(check) && failed.includes(check.id));
  return active.length === 0 ? null : active.map(({ id }) => id);
};
