/**
 * `verify`: from flags and config file to exit status.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { CATALOGUE } from '../../conformance/catalogue.ts';
import { OptionsError } from '../../conformance/options.ts';
import { selectChecks } from '../../conformance/run/select.ts';
import { checkSecret, secretOf } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { conclude } from './conclude.ts';
import { loadConfig, type ConfigFile } from './config-file.ts';
import { noteUnusedEnv } from './exec/advice.ts';
import type { ExecOptions } from './exec/options.ts';
import { findExec, startReceiver } from './exec/start.ts';
import { listHooks } from './hooks-list.ts';
import { createLastReport, rerunSelection, type LastReport } from './last-report.ts';
import { listChecks } from './list.ts';
import { flagOf } from './needs.ts';
import { outputsOf, prepareFiles } from './reports.ts';
import { runOnce, type RunTarget } from './run-once.ts';
import { urlOf, type Setup } from './sandboxes.ts';
import { selectionOf } from './selection.ts';
import type { VerifyFlags } from './settings.ts';
import { watchAndRerun } from './watch/watch.ts';

const targetOf = (argument: string | undefined, { config }: ConfigFile): string => {
  const url = argument ?? config.url;
  if (url !== undefined) return urlOf('URL', url);
  throw new UsageError(
    'Missing URL of the receiver. Pass it, for example: sendemall-mock verify http://localhost:3000/webhooks/sendemall',
  );
};

/**
 * The secret, and whether it was generated: a receiver that the suite starts gets any.
 *
 * @throws {UsageError} if it is needed and not known
 */
const findSecret = (
  { flags, file: { config, unsetSecret }, terminal }: Omit<Setup, 'session'>,
  exec: ExecOptions | null,
): { readonly secret: string; readonly isGenerated: boolean } => {
  const fromEnv = terminal.env['SENDEMALL_MOCK_SECRET'] ?? '';
  const given = flags.secret ?? (fromEnv === '' ? config.secret : fromEnv);
  if ((given ?? '') === '') {
    if (exec !== null) {
      return { secret: `whsec_${randomBytes(24).toString('base64url')}`, isGenerated: true };
    }
    if (unsetSecret !== null) throw new UsageError(unsetSecret);
  }
  const secret = checkSecret(secretOf(flags, { SENDEMALL_MOCK_SECRET: given }));
  return { secret, isGenerated: false };
};

/**
 * The checks of `--failed`; null for the selection of flags and config file.
 *
 * @throws {UsageError} without a report of an earlier run
 */
const failedOf = (
  flags: VerifyFlags,
  lastReport: LastReport,
  { url, terminal }: { readonly url: string; readonly terminal: Terminal },
): readonly string[] | null => {
  if (flags.failed !== true) return null;
  if (flags.only !== undefined) {
    throw new UsageError(
      '--failed and --only are mutually exclusive. Pass only one of them; --skip works with both.',
    );
  }
  const failed = lastReport.failed();
  if (failed === null) {
    throw new UsageError(
      `--failed found no earlier run against ${url} from this directory. Run verify without --failed first.`,
    );
  }
  const selection = rerunSelection(failed);
  if (selection === null) {
    terminal.note(
      failed.length === 0
        ? 'Nothing failed in the last run: running all checks.'
        : `${failed.join(', ')} judge the requests of a whole run: running all checks.`,
    );
  }
  return selection;
};

const runWith = async (
  argument: string | undefined,
  flags: VerifyFlags,
  terminal: Terminal,
): Promise<void> => {
  const file = await loadConfig(flags.config, terminal);
  if (flags.hooks) {
    listHooks(flags.json === true, terminal);
    return;
  }
  const selection = selectionOf(flags, file.config);
  if (flags.list) {
    listChecks(selection, flags.json === true, terminal);
    return;
  }
  const url = targetOf(argument, file);
  const given = { argument, flags, file, terminal };
  const exec = await findExec(given, url);
  const { secret, isGenerated } = findSecret(given, exec);
  selectChecks(CATALOGUE, selection);
  const requested = flags.report ?? [file.config.report ?? []].flat();
  const outputs = outputsOf(
    flags.json ? [...requested, 'json'] : requested,
    flags.report === undefined ? file.folder : '.',
  );
  const lastReport = createLastReport(url);
  const failed = failedOf(flags, lastReport, { url, terminal });
  prepareFiles(outputs);
  await using session = exec === null ? null : await startReceiver(exec, given, { url, secret });
  const setup: Setup = { ...given, session };
  const target: RunTarget = { url, secret, outputs };
  const first = await runOnce(setup, target, failed);
  lastReport.save(first.report, failed === null && flags.only === undefined);
  if (session !== null) await noteUnusedEnv(first.report, session, isGenerated, terminal);
  const last = flags.watch ? await watchAndRerun(setup, target, lastReport, first) : first;
  conclude(last.report, last.validators, terminal);
};

/** @throws {UsageError} for invalid usage, and if the run is inconclusive */
export const runVerify = async (
  argument: string | undefined,
  flags: VerifyFlags,
  terminal: Terminal,
): Promise<void> => {
  try {
    await runWith(argument, flags, terminal);
  } catch (error) {
    if (error instanceof OptionsError) throw new UsageError(error.describe(flagOf));
    throw error;
  } finally {
    terminal.status(null);
  }
};
