/**
 * One run of `verify`: from flags and config file to reports and exit status.
 *
 * @module
 */
import { resolve } from 'node:path';
import { CATALOGUE } from '../../conformance/catalogue.ts';
import { secretsInUrl } from '../../conformance/redact/encodings.ts';
import { hasHook } from '../../conformance/run/hook-members.ts';
import { OptionsError, type VerifyOptions } from '../../conformance/options.ts';
import { createHttpHooks } from '../../conformance/hooks/http-hooks.ts';
import type { Hooks, StartSandbox } from '../../conformance/hooks/hooks.ts';
import type { EffectsSink } from '../../conformance/hooks/sink-effects.ts';
import type { PausesIn } from '../../conformance/hooks/sandbox-campaign.ts';
import { describeNeedByFlags, flagOf, suggestNeedByFlags } from './needs.ts';
import { planChecks } from '../../conformance/run/select.ts';
import { DEFAULT_API_KEY } from '../../domain/defaults.ts';
import { stopwatch } from '../../conformance/net/stopwatch.ts';
import { verify } from '../../conformance/verify.ts';
import { checkKey, checkSecret, httpUrl, keyOf, keysOf, secretOf } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { conclude } from './conclude.ts';
import { loadBaseline, loadConfig, type ConfigFile } from './config-file.ts';
import { annotateOnGitHub } from './github.ts';
import { listHooks } from './hooks-list.ts';
import { inputOptionsOf } from './input-options.ts';
import { listChecks } from './list.ts';
import { createLiveView } from './live.ts';
import { rerunWith } from './rerun.ts';
import { outputsOf, prepareFiles, writeReports } from './reports.ts';
import {
  budgetOf,
  headersOf,
  hookOptionsOf,
  listOf,
  timeoutOf,
  type VerifyFlags,
} from './settings.ts';

/** API key in a private sandbox. */
const PRIVATE_KEY = 'conformance';

/** The running sandbox given by flags, environment or file; null without one. */
const givenSandbox = (
  flags: VerifyFlags,
  { config }: ConfigFile,
  terminal: Terminal,
): { readonly url: string; readonly apiKey: string } | null => {
  const url = flags.sandboxUrl ?? terminal.env['SENDEMALL_MOCK_SANDBOX_URL'] ?? config.sandboxUrl;
  if (url === undefined || url === '') return null;
  const apiKey = flags.apiKey ?? config.apiKey;
  return {
    url: urlOf('--sandbox-url', url),
    apiKey: apiKey === undefined ? keyOf({}, terminal.env) : checkKey(apiKey),
  };
};

const sandboxOf = (flags: VerifyFlags, file: ConfigFile, terminal: Terminal): StartSandbox => {
  const given = givenSandbox(flags, file, terminal);
  if (given === null) {
    return async () => {
      const { createMock } = await import('../../create-mock.ts');
      const mock = await createMock({ clock: 'frozen', rateLimit: false });
      return { url: mock.url, apiKey: PRIVATE_KEY, [Symbol.asyncDispose]: () => mock.close(0) };
    };
  }
  return async () => ({ ...given, [Symbol.asyncDispose]: () => Promise.resolve() });
};

/** The sink that counts effects, from the flag or else the file. */
const effectsSinkOf = (
  flags: VerifyFlags,
  file: ConfigFile,
  terminal: Terminal,
): EffectsSink | undefined => {
  const fromFile = flags.effectsUrl === undefined ? file.config.effectsSink : undefined;
  const name = flags.effectsSink ?? fromFile;
  if (name === undefined) return undefined;
  const sandbox = givenSandbox(flags, file, terminal);
  if (sandbox !== null) return { sandboxUrl: sandbox.url, apiKey: sandbox.apiKey, name };
  throw new UsageError(
    '--effects-sink requires a running sandbox. Pass its URL with --sandbox-url.',
  );
};

const pausesIn = (
  flags: VerifyFlags,
  file: ConfigFile,
  terminal: Terminal,
): PausesIn | undefined => {
  if (!(flags.pauses ?? file.config.pauses ?? false)) return undefined;
  const sandbox = givenSandbox(flags, file, terminal);
  if (sandbox !== null) return { sandboxUrl: sandbox.url, apiKey: sandbox.apiKey };
  throw new UsageError(
    '--pauses requires a running sandbox that the receiver uses as the provider. Pass its URL with --sandbox-url.',
  );
};

const urlOf = (name: string, text: string): string => {
  try {
    return httpUrl(text);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Invalid ${name} "${text}". ${(error as Error).message}`);
  }
};

const targetOf = (argument: string | undefined, { config }: ConfigFile): string => {
  const url = argument ?? config.url;
  if (url !== undefined) return urlOf('URL', url);
  throw new UsageError(
    'Missing URL of the receiver. Pass it, for example: sendemall-mock verify http://localhost:3000/webhooks/sendemall',
  );
};

const hooksOf = (flags: VerifyFlags, file: ConfigFile, terminal: Terminal): Hooks => {
  const { config } = file;
  const byUrl = createHttpHooks({
    ...hookOptionsOf(flags, config),
    effectsSink: effectsSinkOf(flags, file, terminal),
    pausesIn: pausesIn(flags, file, terminal),
    signal: terminal.signal,
  });
  const given = Object.entries(byUrl).filter(([, hook]) => hook !== undefined);
  return { ...config.hooks, ...Object.fromEntries(given) };
};

/** Values that no report may contain, besides the secret: API keys, and credentials in hook URLs. */
const redactedOf = (
  flags: VerifyFlags,
  { config }: ConfigFile,
  terminal: Terminal,
): readonly (readonly [value: string, name: string])[] => {
  const keys = [flags.apiKey, config.apiKey, ...keysOf(terminal.env)];
  const urls = Object.entries(hookOptionsOf(flags, config)).filter(([name]) =>
    name.endsWith('Url'),
  );
  return [
    ...keys.flatMap((key) =>
      key === undefined || key === DEFAULT_API_KEY ? [] : [[key, 'API key'] as const],
    ),
    ...urls.flatMap(([, url]) => (typeof url === 'string' ? secretsInUrl(url) : [])),
  ];
};

const optionsOf = async (
  argument: string | undefined,
  flags: VerifyFlags,
  file: ConfigFile,
  terminal: Terminal,
): Promise<VerifyOptions> => {
  const { config, folder } = file;
  const timeout = flags.timeout ?? config.timeout;
  const timeFromEnv = terminal.env['SENDEMALL_MOCK_TIME'] ?? '';
  const time = flags.time ?? (timeFromEnv === '' ? config.time : timeFromEnv);
  const timeName =
    flags.time === undefined && timeFromEnv !== '' ? 'SENDEMALL_MOCK_TIME' : '--time';
  const baseline =
    flags.baseline ??
    (config.baseline === undefined ? undefined : resolve(folder, config.baseline));
  const fromEnv = terminal.env['SENDEMALL_MOCK_SECRET'] ?? '';
  const secret = fromEnv === '' ? config.secret : fromEnv;
  const hooks = hooksOf(flags, file, terminal);
  return {
    url: targetOf(argument, file),
    secret: checkSecret(secretOf(flags, { SENDEMALL_MOCK_SECRET: secret })),
    headers: headersOf(flags.header, config.headers),
    insecure: flags.insecure ?? config.insecure,
    timeoutMs: timeout === undefined ? undefined : timeoutOf(timeout),
    budgetMs: time === undefined ? undefined : budgetOf(time, timeName),
    concurrency: flags.concurrency ?? config.concurrency,
    seed: flags.seed ?? config.seed,
    freshIds: flags.freshIds ?? config.freshIds,
    only: listOf(flags.only ?? config.only),
    skip: listOf(flags.skip ?? config.skip),
    bail: flags.bail ?? config.bail,
    failOn: flags.failOn ?? config.failOn,
    baseline: baseline === undefined ? undefined : await loadBaseline(baseline, terminal),
    hooks,
    sandbox: sandboxOf(flags, file, terminal),
    hidden: redactedOf(flags, file, terminal),
    rerun: rerunWith(argument, flags, hooks),
    describeNeed: describeNeedByFlags,
    suggestNeed: suggestNeedByFlags(givenSandbox(flags, file, terminal) !== null),
    ...(await inputOptionsOf(flags, file, terminal)),
    signal: terminal.signal,
  };
};

const runWith = async (
  argument: string | undefined,
  flags: VerifyFlags,
  terminal: Terminal,
): Promise<void> => {
  const needsNoSecret = flags.hooks === true || flags.list === true;
  const secret = flags.secret ?? terminal.env['SENDEMALL_MOCK_SECRET'] ?? '';
  const file = await loadConfig(flags.config, terminal, needsNoSecret || secret !== '');
  if (flags.hooks) {
    listHooks(flags.json === true, terminal);
    return;
  }
  if (flags.list) {
    const { only, skip } = { ...file.config, ...flags };
    listChecks({ only: listOf(only), skip: listOf(skip) }, flags.json === true, terminal);
    return;
  }
  const options = await optionsOf(argument, flags, file, terminal);
  const { hooks = {} } = options;
  const plan = planChecks(CATALOGUE, options, (hook) => hasHook(hooks, hook));
  const requested = flags.report ?? [file.config.report ?? []].flat();
  const outputs = outputsOf(
    flags.json ? [...requested, 'json'] : requested,
    flags.report === undefined ? file.folder : '.',
  );
  prepareFiles(outputs);
  const onProgress = createLiveView(terminal, {
    total: plan.checks.length,
    failOn: options.failOn ?? 'must',
    elapsed: stopwatch(),
  });
  const report = await verify({ ...options, onProgress });
  terminal.status(null);
  writeReports(report, outputs, terminal, flags.details ?? file.config.details ?? false);
  annotateOnGitHub(report, terminal);
  conclude(report, plan.validators, terminal);
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
