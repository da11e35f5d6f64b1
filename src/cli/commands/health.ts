/**
 * `health`: whether a sandbox is ready. What the image's health check runs, so it loads next to nothing.
 *
 * @module
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get as getPlain, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { parseSpan } from '../../domain/time.ts';
import { jsonOption, sandboxUrlOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';

/** A sandbox that needs longer to answer is not healthy. Real milliseconds, as all here. */
const PATIENCE_MS = 3000;
/** On watch it is asked so often. */
const LOOK_MS = 1000;
/** A sandbox that is just starting is asked so often. */
const RETRY_MS = 30;
/** A container younger than this is still being waited for: whoever starts it wants to know at once. */
const YOUNG_MS = 5000;
/** The clock that /proc counts in: 100 a second on every Linux that Node runs on. */
const PROC_TICK_MS = 10;

/** Inside a container the port that `serve` was told by its environment is the one to ask. */
const ownUrl = (env: NodeJS.ProcessEnv): string | null =>
  env['SENDEMALL_MOCK_SANDBOX_URL'] === undefined && env['SENDEMALL_MOCK_PORT'] !== undefined
    ? `http://127.0.0.1:${env['SENDEMALL_MOCK_PORT']}`
    : null;

/** Null when it is ready, or why not. */
const findFault = async (url: string, signal: AbortSignal): Promise<string | null> => {
  try {
    const ready = new URL('/readyz', url);
    // TLS is loaded only where it is asked for: a sandbox speaks plain HTTP, a proxy in front of it may not.
    const get = ready.protocol === 'https:' ? (await import('node:https')).get : getPlain;
    const request = get(ready, { agent: false, timeout: PATIENCE_MS, signal });
    request.on('timeout', () =>
      request.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)),
    );
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode === 200 ? null : `it answered ${response.statusCode}`;
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
};

/** How long the container runs: the age of its first process. Null where there is no /proc. */
const containerAge = async (): Promise<number | null> => {
  try {
    const [uptime, stat] = await Promise.all([
      readFile('/proc/uptime', 'utf8'),
      readFile('/proc/1/stat', 'utf8'),
    ]);
    // The 22nd field; the second is a name in brackets, which may have blanks in it.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return Number.parseFloat(uptime) * 1000 - Number(started) * PROC_TICK_MS;
  } catch {
    return null;
  }
};

/**
 * In a young container waits until it is ready. Later looks again and again for `millis`, or until it is not ready: a
 * health check that starts a process every second costs a tenth of a core; one that stays for a while costs nothing to
 * speak of, and notices as soon.
 */
const watch = async (url: string, millis: number, signal: AbortSignal): Promise<string | null> => {
  const isYoung = ((await containerAge()) ?? 0) < YOUNG_MS;
  const pause = isYoung ? RETRY_MS : LOOK_MS;
  let fault = await findFault(url, signal);
  for (let left = isYoung ? PATIENCE_MS : millis; left > 0; left -= pause) {
    if ((fault === null) === isYoung) break;
    await sleep(Math.min(left, pause), undefined, { signal });
    fault = await findFault(url, signal);
  }
  return fault;
};

const span = (text: string): number => {
  const millis = parseSpan(text);
  if (millis !== null && millis >= 1 && millis <= 600_000) return millis;
  throw new InvalidArgumentError('Give a span from 1ms to 10m, e.g. 20s.');
};

const EXAMPLES = `
Examples:
  sendemall-mock health
  docker exec sandbox sendemall-mock health`;

export const health = (terminal: Terminal) =>
  new Command('health')
    .description('Says whether a sandbox is ready: status 0 if it is, 1 if not.')
    .addOption(sandboxUrlOption())
    .addOption(
      new Option(
        '--watch <span>',
        'in a container that has just started, answer at once; later, stay on watch for so long',
      ).argParser(span),
    )
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
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
