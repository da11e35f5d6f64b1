/**
 * `health`: checks whether a sandbox is ready. The image's health check runs it every few seconds, so it loads few modules.
 *
 * @module
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get as getPlain, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { describeNetworkError } from '../../domain/network-error.ts';
import { parseDuration } from '../../domain/time.ts';
import { examples, exitStatus } from '../help.ts';
import { jsonOption, sandboxUrlOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';

/** Timeout of a probe. All times here are real. */
const PROBE_TIMEOUT_MS = 3000;
/** Interval of probes with --watch. */
const WATCH_INTERVAL_MS = 1000;
/** Interval of probes while the container starts. */
const STARTUP_INTERVAL_MS = 30;
/** Age below which a container counts as starting: its user is waiting, so report readiness at once. */
const STARTUP_MS = 5000;
/** Unit of times in /proc: 100 ticks per second on every Linux that Node supports. */
const PROC_TICK_MS = 10;

/** URL of the sandbox in the same container, whose environment sets the port of `serve`; null if it does not. */
const ownUrl = (env: NodeJS.ProcessEnv): string | null =>
  env['SENDEMALL_MOCK_SANDBOX_URL'] === undefined && env['SENDEMALL_MOCK_PORT'] !== undefined
    ? `http://127.0.0.1:${env['SENDEMALL_MOCK_PORT']}`
    : null;

/** Probe once. @returns null if ready, else the reason */
const findFault = async (url: string, signal: AbortSignal): Promise<string | null> => {
  try {
    const ready = new URL('/readyz', url);
    // Load TLS on demand: the sandbox speaks plain HTTP, only a proxy in front of it may use TLS.
    const get = ready.protocol === 'https:' ? (await import('node:https')).get : getPlain;
    const request = get(ready, { agent: false, timeout: PROBE_TIMEOUT_MS, signal });
    request.on('timeout', () =>
      request.destroy(new Error(`no response within ${PROBE_TIMEOUT_MS / 1000} s`)),
    );
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode === 200 ? null : `status ${response.statusCode}`;
  } catch (error) {
    signal.throwIfAborted();
    return describeNetworkError(error);
  }
};

/** Age of the container's first process in milliseconds; null without /proc. */
const containerAge = async (): Promise<number | null> => {
  try {
    const [uptime, stat] = await Promise.all([
      readFile('/proc/uptime', 'utf8'),
      readFile('/proc/1/stat', 'utf8'),
    ]);
    // The 22nd field. The second is a name in parentheses, which may contain spaces.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return Number.parseFloat(uptime) * 1000 - Number(started) * PROC_TICK_MS;
  } catch {
    return null;
  }
};

/**
 * While the container starts, probe until it is ready. Later, probe for `millis` or until it is not ready. Starting a
 * process every second for a health check costs a tenth of a core; one process that keeps probing costs almost nothing
 * and detects a failure as early.
 */
const watch = async (url: string, millis: number, signal: AbortSignal): Promise<string | null> => {
  const isYoung = ((await containerAge()) ?? 0) < STARTUP_MS;
  const pause = isYoung ? STARTUP_INTERVAL_MS : WATCH_INTERVAL_MS;
  let fault = await findFault(url, signal);
  for (let left = isYoung ? PROBE_TIMEOUT_MS : millis; left > 0; left -= pause) {
    if ((fault === null) === isYoung) break;
    await sleep(Math.min(left, pause), undefined, { signal });
    fault = await findFault(url, signal);
  }
  return fault;
};

const watchMs = (text: string): number => {
  const millis = parseDuration(text);
  if (millis !== null && millis >= 1 && millis <= 600_000) return millis;
  throw new InvalidArgumentError('Pass a duration from 1ms to 10m, such as 20s.');
};

const SECTIONS = [
  exitStatus({ 0: 'ready', 1: 'not ready', 2: 'invalid usage' }),
  examples('sendemall-mock health', 'docker exec sandbox sendemall-mock health'),
].join('\n');

export const health = (terminal: Terminal) =>
  new Command('health')
    .description('Check whether a sandbox is ready.')
    .addOption(sandboxUrlOption())
    .addOption(
      new Option(
        '--watch <duration>',
        'keep probing for this long, or until not ready; in a starting container, until ready',
      ).argParser(watchMs),
    )
    .addOption(jsonOption())
    .addHelpText('after', SECTIONS)
    .action(async (options, command) => {
      const isDefault = command.getOptionValueSource('sandboxUrl') === 'default';
      const url = (isDefault ? ownUrl(terminal.env) : null) ?? options.sandboxUrl;
      const fault =
        options.watch === undefined
          ? await findFault(url, terminal.signal)
          : await watch(url, options.watch, terminal.signal);
      if (options.json === true) terminal.printJson({ ready: fault === null, url, fault });
      else if (fault === null) terminal.print(`Ready: ${url}`);
      else terminal.print(`Not ready: ${url} (${fault})`);
      if (fault !== null) terminal.fail();
    });
