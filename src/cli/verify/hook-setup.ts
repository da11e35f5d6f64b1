/**
 * Hooks of a run, from flags, config file, and a receiver that the suite has started.
 *
 * @module
 */
import { createHttpHooks } from '../../conformance/hooks/http-hooks.ts';
import type { Hooks } from '../../conformance/hooks/hooks.ts';
import type { PausesIn } from '../../conformance/hooks/sandbox-campaign.ts';
import type { EffectsSink } from '../../conformance/hooks/sink-effects.ts';
import { secretsInUrl } from '../../conformance/redact/encodings.ts';
import { DEFAULT_API_KEY } from '../../domain/defaults.ts';
import { keysOf } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import { runningSandbox, type Setup } from './sandboxes.ts';
import { hookOptionsOf } from './settings.ts';

/** The sink that counts effects, from the flag or else the file. */
const effectsSinkOf = (setup: Setup): EffectsSink | undefined => {
  const { flags, file } = setup;
  const fromFile = flags.effectsUrl === undefined ? file.config.effectsSink : undefined;
  const name = flags.effectsSink ?? fromFile;
  if (name === undefined) return undefined;
  const sandbox = runningSandbox(setup);
  if (sandbox !== null) return { sandboxUrl: sandbox.url, apiKey: sandbox.apiKey, name };
  throw new UsageError(
    '--effects-sink requires a running sandbox. Pass its URL with --sandbox-url.',
  );
};

const pausesIn = (setup: Setup): PausesIn | undefined => {
  if (!(setup.flags.pauses ?? setup.file.config.pauses ?? false)) return undefined;
  const sandbox = runningSandbox(setup);
  if (sandbox !== null) return { sandboxUrl: sandbox.url, apiKey: sandbox.apiKey };
  throw new UsageError(
    '--pauses requires a running sandbox that the receiver uses as the provider. Pass its URL with --sandbox-url.',
  );
};

const withoutUndefined = (hooks: Hooks): Hooks =>
  Object.fromEntries(Object.entries(hooks).filter(([, hook]) => hook !== undefined));

/** Hooks of the config module come first, then those of a receiver that the suite has started; flags take precedence. */

/** Flags take precedence over the config module, and that over a receiver that the suite has started. */
export const hooksOf = (setup: Setup): Hooks => {
  const { flags, file, terminal, session } = setup;
  const byUrl = createHttpHooks({
    ...hookOptionsOf(flags, file.config),
    effectsSink: effectsSinkOf(setup),
    pausesIn: pausesIn(setup),
    commandEnv: session?.env,
    signal: terminal.signal,
  });
  return {
    ...withoutUndefined(session?.hooks ?? {}),
    ...withoutUndefined(file.config.hooks ?? {}),
    ...withoutUndefined(byUrl),
  };
};

/** Values that no report may contain, besides the secret: API keys, and credentials in hook URLs. */
export const redactedOf = ({
  flags,
  file: { config },
  terminal,
}: Setup): readonly (readonly [value: string, name: string])[] => {
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
