/**
 * Hooks that a receiver in any language can offer: URLs that the suite requests, and commands that it runs.
 *
 * | hook | request | response |
 * |---|---|---|
 * | effects | `GET` the URL with the event id in place of `{id}` | 200 `{"count": n}`: how often the event has taken effect so far; 0 for an unknown event |
 * | effects, by a sink | none: the receiver calls a sink of a sandbox instead of its CRM | requests that contain the event id count as its effects |
 * | state | `GET` the URL with the lead address in place of `{lead_email}` | 200 and a {@link LeadState} as JSON, without fields that it does not store; 404 for an unknown lead |
 * | fault | `POST {"fail": true}` and `POST {"fail": false}` | any 2xx once event processing fails, or works again |
 * | restart | a command | exit status 0 once the receiver's process has been killed and is starting again |
 * | recover | `POST {"api_url", "api_key", "webhook_id"}`, or a command with `SENDEMALL_MOCK_API_URL`, `SENDEMALL_MOCK_API_KEY` and `SENDEMALL_MOCK_WEBHOOK_ID` in its environment | any 2xx, or exit status 0, once the recovery of dead letters has finished |
 * | campaign | none: the receiver calls a sandbox instead of the provider | whether the campaign that the suite created there is paused |
 *
 * Ids and addresses are percent-encoded in URLs, except for "@": it is legal there, and some routers (Go's chi) pass on
 * encoded path parameters without decoding them. All waits are bounded. A hook that does anything else causes a
 * {@link HookError}, which says what it did and what it should do.
 *
 * @module
 */
import * as z from 'zod';
import type { WallClock } from '../../clock/port.ts';
import { startSteadyClock } from '../../clock/system.ts';
import { isSuccess } from '../../domain/retry-plan.ts';
import { OptionsError } from '../options.ts';
import { runCommand } from './command.ts';
import { HookError, type DeadLetterSource, type Hooks, type LeadState } from './hooks.ts';
import { createHookCaller, type HookCaller } from './hook-call.ts';
import { sandboxCampaign, type PausesIn } from './sandbox-campaign.ts';
import { sinkEffects, type EffectsSink } from './sink-effects.ts';

export interface HttpHookOptions {
  /** URL that contains `{id}`. */
  readonly effectsUrl?: string | undefined;
  /** Instead of `effectsUrl`: a sink of a sandbox, which the receiver calls instead of its CRM. */
  readonly effectsSink?: EffectsSink | undefined;
  /** URL that contains `{lead_email}`. */
  readonly stateUrl?: string | undefined;
  readonly faultUrl?: string | undefined;
  /** Shell command that kills the receiver and starts it again. */
  readonly restartCommand?: string | undefined;
  readonly recoverUrl?: string | undefined;
  /** Shell command that runs the recovery once. */
  readonly recoverCommand?: string | undefined;
  /** Added to the environment of commands. */
  readonly commandEnv?: Readonly<Record<string, string>> | undefined;
  /** A sandbox that the receiver uses as its provider, and in which it pauses campaigns. */
  readonly pausesIn?: PausesIn | undefined;
  /** Real time; default: the system clock. */
  readonly wall?: WallClock | undefined;
  /** Cancels pending requests and commands. */
  readonly signal?: AbortSignal | undefined;
}

const REQUEST_TIMEOUT_MS = 5000;
const COMMAND_TIMEOUT_MS = 60_000;

const Count = z.object({ count: z.int().min(0) });

const absentIfNull = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined);

const State = z.object({
  known: z.boolean().default(true),
  suppressed: absentIfNull(z.boolean()),
  unsubscribed: absentIfNull(z.boolean()),
  open_count: absentIfNull(z.number()),
  sentiment: z.string().nullish(),
  rates: absentIfNull(
    z.record(
      z.string(),
      z.union([
        z.number(),
        z.null(),
        // Python writes bare NaN and Infinity; `readJson` quotes them.
        z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number),
      ]),
    ),
  ),
});

/** Matches the word before its context: looking back over blanks at every position would take quadratic time. */
const NOT_JSON = /(NaN|-?Infinity)(?<=[:[,]\s*\1)(?=\s*[,}\]])/g;

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text.replaceAll(NOT_JSON, '"$1"'));
  } catch {
    return undefined;
  }
};

const REMEDIES = {
  effects:
    'It must respond with 200 and {"count": n}: how often the event with this id has taken effect so far, 0 for an unknown event.',
  state:
    'It must respond with 200 and the stored state of the lead, such as {"suppressed": false, "unsubscribed": false, "open_count": 0, "sentiment": null} (omit what you do not store), or with 404 for an unknown lead.',
  fault:
    'It must accept POST {"fail": true} and {"fail": false} and respond with 2xx once event processing fails, or works again.',
  recover:
    'It must accept POST {"api_url", "api_key", "webhook_id"}, process and acknowledge every dead letter found there, and then respond with 2xx. A sandbox that you provide must run without a rate limit, because there are more dead letters than requests allowed per minute.',
} as const;

type UrlOption = 'effectsUrl' | 'stateUrl' | 'faultUrl' | 'recoverUrl';

const PLACEHOLDERS: Partial<Record<UrlOption, { text: string; value: string; example: string }>> = {
  effectsUrl: {
    text: '{id}',
    value: 'event id',
    example: 'http://localhost:3000/test/effects/{id}',
  },
  stateUrl: {
    text: '{lead_email}',
    value: 'lead address',
    example: 'http://localhost:3000/test/leads/{lead_email}',
  },
};

/** @throws {OptionsError} for a URL that is invalid or lacks its placeholder */
const checkUrl = (option: UrlOption, url: string): void => {
  const placeholder = PLACEHOLDERS[option];
  if (placeholder !== undefined && !url.includes(placeholder.text)) {
    throw new OptionsError(
      (name) =>
        `${name(option)} "${url}" does not contain ${placeholder.text}. Put it where the ${placeholder.value} belongs, as in ${placeholder.example}.`,
    );
  }
  const example = placeholder === undefined ? url : url.replaceAll(placeholder.text, 'x');
  if (!URL.canParse(example) || !/^https?:$/.test(new URL(example).protocol)) {
    throw new OptionsError(
      (name) => `${name(option)} "${url}" is not an http or https URL. Pass the full URL.`,
    );
  }
};

/** @throws {OptionsError} if both options are given */
const checkExclusive = (
  options: HttpHookOptions,
  one: keyof HttpHookOptions,
  other: keyof HttpHookOptions,
): void => {
  if (options[one] === undefined || options[other] === undefined) return;
  throw new OptionsError(
    (name) => `${name(one)} and ${name(other)} are mutually exclusive. Pass only one of them.`,
  );
};

const encoded = (text: string): string => encodeURIComponent(text).replaceAll('%40', '@');

const effectsHook = (caller: HookCaller, template: string): NonNullable<Hooks['effects']> => {
  checkUrl('effectsUrl', template);
  return async (eventId) => {
    const reply = await caller.get(template.replaceAll('{id}', encodeURIComponent(eventId)));
    const parsed = Count.safeParse(readJson(reply.body));
    if (reply.status === 200 && parsed.success) return parsed.data.count;
    throw caller.unfit(reply, REMEDIES.effects);
  };
};

const stateHook = (caller: HookCaller, template: string): NonNullable<Hooks['state']> => {
  checkUrl('stateUrl', template);
  return async (leadEmail): Promise<LeadState> => {
    const reply = await caller.get(template.replaceAll('{lead_email}', encoded(leadEmail)));
    if (reply.status === 404) return { known: false, asked: reply.url };
    const json = readJson(reply.body);
    const parsed = State.safeParse(json);
    if (reply.status === 200 && parsed.success) {
      return { ...parsed.data, keys: Object.keys(json as object) };
    }
    throw caller.unfit(reply, REMEDIES.state);
  };
};

/** @param lasting caller that works even after an interruption, because the fault must be turned off */
const faultHook = (
  hasty: HookCaller,
  lasting: HookCaller,
  url: string,
): NonNullable<Hooks['fault']> => {
  checkUrl('faultUrl', url);
  return async (failing) => {
    const caller = failing ? hasty : lasting;
    const reply = await caller.post(url, { fail: failing }, REQUEST_TIMEOUT_MS);
    if (!isSuccess(reply.status)) throw caller.unfit(reply, REMEDIES.fault);
  };
};

const recoverByUrl = (caller: HookCaller, url: string): NonNullable<Hooks['recover']> => {
  checkUrl('recoverUrl', url);
  return async ({ apiUrl, apiKey, webhookId }: DeadLetterSource) => {
    const body = { api_url: apiUrl, api_key: apiKey, webhook_id: webhookId };
    const reply = await caller.post(url, body, COMMAND_TIMEOUT_MS);
    if (!isSuccess(reply.status)) throw caller.unfit(reply, REMEDIES.recover);
  };
};

/**
 * Create hooks from URLs and commands.
 *
 * @throws {OptionsError} for a URL that is invalid or lacks its placeholder, and for mutually exclusive options
 *
 * @example
 * ```ts
 * const hooks = createHttpHooks({ effectsUrl: 'http://localhost:3000/test/effects/{id}' });
 * ```
 */
export const createHttpHooks = (options: HttpHookOptions): Hooks => {
  const { effectsUrl, stateUrl, faultUrl, restartCommand, recoverUrl, recoverCommand } = options;
  const { effectsSink, pausesIn, commandEnv = {}, wall = startSteadyClock(), signal } = options;
  checkExclusive(options, 'effectsUrl', 'effectsSink');
  checkExclusive(options, 'recoverUrl', 'recoverCommand');
  let restartedAt: number | null = null;
  const callerOf = (hook: string, until = signal): HookCaller =>
    createHookCaller({
      hook,
      wall,
      signal: until,
      timeoutMs: REQUEST_TIMEOUT_MS,
      restartedAt: () => restartedAt,
    });
  const run = async (
    hook: 'restart' | 'recover',
    command: string,
    env: Readonly<Record<string, string>> = {},
  ) => {
    const problem = await runCommand(command, {
      wall,
      signal,
      env: { ...commandEnv, ...env },
      timeoutMs: COMMAND_TIMEOUT_MS,
    });
    if (problem !== null) throw new HookError(`The ${hook} command "${command}" ${problem}`);
  };
  return {
    effects:
      effectsSink !== undefined
        ? sinkEffects(effectsSink, signal)
        : effectsUrl === undefined
          ? undefined
          : effectsHook(callerOf('effects'), effectsUrl),
    state: stateUrl === undefined ? undefined : stateHook(callerOf('state'), stateUrl),
    fault:
      faultUrl === undefined
        ? undefined
        : faultHook(callerOf('fault'), callerOf('fault', new AbortController().signal), faultUrl),
    restart:
      restartCommand === undefined
        ? undefined
        : async () => {
            await run('restart', restartCommand);
            restartedAt = wall.now();
          },
    recover:
      recoverUrl !== undefined
        ? recoverByUrl(callerOf('recover'), recoverUrl)
        : recoverCommand === undefined
          ? undefined
          : ({ apiUrl, apiKey, webhookId }) =>
              run('recover', recoverCommand, {
                SENDEMALL_MOCK_API_URL: apiUrl,
                SENDEMALL_MOCK_API_KEY: apiKey,
                SENDEMALL_MOCK_WEBHOOK_ID: webhookId,
              }),
    campaign: pausesIn === undefined ? undefined : sandboxCampaign(pausesIn, signal),
  };
};
