/**
 * The hooks as a receiver in any language can offer them: URLs that are asked, and commands that are run.
 *
 * | hook | asked | answers |
 * |---|---|---|
 * | effects | `GET` the URL with the event's id in place of `{id}` | 200 `{"count": n}`: how often that event has taken effect so far; 0 for one that it has never seen |
 * | effects, by a sink | nothing: the receiver calls a sink of a sandbox in place of its CRM | requests that hold the event's id are its effects |
 * | state | `GET` the URL with the lead's address in place of `{lead_email}` | 200 and a {@link LeadState} as JSON, members that it does not keep left out; 404 for an unknown lead |
 * | fault | `POST {"fail": true}` and `POST {"fail": false}` | any 2xx once whatever events are handed to fails, or works again |
 * | restart | a command | ends with 0 once the receiver's process has been killed and its start has begun |
 * | recover | `POST {"api_url", "api_key", "webhook_id"}`, or a command with `SENDEMALL_MOCK_API_URL`, `SENDEMALL_MOCK_API_KEY` and `SENDEMALL_MOCK_WEBHOOK_ID` in its environment | any 2xx, or ends with 0, once the recovery of dead letters has run |
 * | campaign | nothing: the receiver calls a sandbox in place of the provider | the campaign that the suite made there is paused, or is not |
 *
 * Ids and addresses are percent-encoded in URLs, but for the "@": it may stand there as it is, and some routers (Go's chi)
 * hand on what is encoded without decoding it. All waiting is bounded; a hook that does anything else is a
 * {@link HookError}, which says what it did and what it should.
 *
 * @module
 */
import * as z from 'zod';
import type { WallClock } from '../../clock/port.ts';
import { startSteadyClock } from '../../clock/system.ts';
import { OptionsError } from '../options.ts';
import { runCommand } from './command.ts';
import { HookError, type DeadLetterSource, type Hooks, type LeadState } from './hooks.ts';
import { createHookCaller, type HookCaller, type HookReply } from './hook-call.ts';
import { sandboxCampaign, type PausesIn } from './sandbox-campaign.ts';
import { sinkEffects, type EffectsSink } from './sink-effects.ts';

export interface HttpHookOptions {
  /** Holds `{id}`. */
  readonly effectsUrl?: string | undefined;
  /** In place of that: a sink in a sandbox, which the receiver calls in place of its CRM. */
  readonly effectsSink?: EffectsSink | undefined;
  /** Holds `{lead_email}`. */
  readonly stateUrl?: string | undefined;
  readonly faultUrl?: string | undefined;
  /** For the shell: kills the receiver and starts it again. */
  readonly restartCommand?: string | undefined;
  readonly recoverUrl?: string | undefined;
  /** For the shell. */
  readonly recoverCommand?: string | undefined;
  /** A sandbox that the receiver takes for the provider, and pauses campaigns in. */
  readonly pausesIn?: PausesIn | undefined;
  /** Real time; the system's unless given. */
  readonly wall?: WallClock | undefined;
  /** Gives up what is being asked or run. */
  readonly signal?: AbortSignal | undefined;
}

/** What asks or runs may take, in milliseconds. */
const ANSWER_WITHIN_MS = 5000;
const COMMAND_WITHIN_MS = 60_000;

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
        // Python writes NaN and Infinity as they are; `readJson` puts them in quotes.
        z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number),
      ]),
    ),
  ),
});

/** The word first: looking back over blanks from every place would take the square of their number. */
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
    'It must answer 200 and {"count": n}: how often the event with this id has taken effect so far, 0 for one that it has never seen.',
  state:
    'It must answer 200 and what is known of the lead, such as {"suppressed": false, "unsubscribed": false, "open_count": 0, "sentiment": null} (leave out what you do not keep), or 404 for a lead that it does not know.',
  fault:
    'It must take POST {"fail": true} and {"fail": false} and answer 2xx once whatever the receiver hands events to fails, or works again.',
  recover:
    'It must take POST {"api_url", "api_key", "webhook_id"}, process and acknowledge every dead letter that it finds there, and then answer 2xx. A sandbox given with --sandbox-url must be started with --no-rate-limit: there are more letters than a minute’s requests.',
} as const;

const checked = (flag: string, url: string, placeholder: string | null): string => {
  if (placeholder !== null && !url.includes(placeholder)) {
    throw new OptionsError(
      `${flag} "${url}" has no ${placeholder}. Put it where the ${placeholder === '{id}' ? 'event’s id' : 'lead’s address'} belongs, as in http://localhost:3000/test/${placeholder === '{id}' ? 'effects/{id}' : 'leads/{lead_email}'}.`,
    );
  }
  const example = placeholder === null ? url : url.replaceAll(placeholder, 'x');
  if (!URL.canParse(example) || !/^https?:$/.test(new URL(example).protocol)) {
    throw new OptionsError(`${flag} "${url}" is no http or https URL. Give it in full.`);
  }
  return url;
};

const encoded = (text: string): string => encodeURIComponent(text).replaceAll('%40', '@');

const isOk = ({ status }: HookReply): boolean => status >= 200 && status < 300;

const effectsHook = (caller: HookCaller, template: string): NonNullable<Hooks['effects']> => {
  checked('--effects-url', template, '{id}');
  return async (eventId) => {
    const reply = await caller.get(template.replaceAll('{id}', encodeURIComponent(eventId)));
    const parsed = Count.safeParse(readJson(reply.body));
    if (reply.status === 200 && parsed.success) return parsed.data.count;
    throw caller.unfit(reply, REMEDIES.effects);
  };
};

const stateHook = (caller: HookCaller, template: string): NonNullable<Hooks['state']> => {
  checked('--state-url', template, '{lead_email}');
  return async (leadEmail): Promise<LeadState> => {
    const reply = await caller.get(template.replaceAll('{lead_email}', encoded(leadEmail)));
    if (reply.status === 404) return { known: false, asked: reply.url };
    const parsed = State.safeParse(readJson(reply.body));
    if (reply.status === 200 && parsed.success) return parsed.data;
    throw caller.unfit(reply, REMEDIES.state);
  };
};

/** @param lasting asks even after an interruption: what was made to fail must work again */
const faultHook = (
  hasty: HookCaller,
  lasting: HookCaller,
  url: string,
): NonNullable<Hooks['fault']> => {
  checked('--fault-url', url, null);
  return async (failing) => {
    const caller = failing ? hasty : lasting;
    const reply = await caller.post(url, { fail: failing }, ANSWER_WITHIN_MS);
    if (!isOk(reply)) throw caller.unfit(reply, REMEDIES.fault);
  };
};

const recoverByUrl = (caller: HookCaller, url: string): NonNullable<Hooks['recover']> => {
  checked('--recover-url', url, null);
  return async ({ apiUrl, apiKey, webhookId }: DeadLetterSource) => {
    const body = { api_url: apiUrl, api_key: apiKey, webhook_id: webhookId };
    const reply = await caller.post(url, body, COMMAND_WITHIN_MS);
    if (!isOk(reply)) throw caller.unfit(reply, REMEDIES.recover);
  };
};

/**
 * Makes hooks of URLs and commands.
 *
 * @throws {OptionsError} for a URL that is none or lacks its placeholder, and for two ways to recover or to see effects
 *
 * @example
 * ```ts
 * const hooks = createHttpHooks({ effectsUrl: 'http://localhost:3000/test/effects/{id}' });
 * ```
 */
export const createHttpHooks = (options: HttpHookOptions): Hooks => {
  const { effectsUrl, stateUrl, faultUrl, restartCommand, recoverUrl, recoverCommand } = options;
  const { effectsSink, pausesIn, wall = startSteadyClock(), signal } = options;
  if (effectsUrl !== undefined && effectsSink !== undefined) {
    throw new OptionsError('--effects-url and --effects-sink exclude each other. Give one.');
  }
  if (recoverUrl !== undefined && recoverCommand !== undefined) {
    throw new OptionsError('--recover-url and --recover-command exclude each other. Give one.');
  }
  let restartedAt: number | null = null;
  const callerOf = (hook: string, until = signal): HookCaller =>
    createHookCaller({
      hook,
      wall,
      signal: until,
      timeoutMs: ANSWER_WITHIN_MS,
      restartedAt: () => restartedAt,
    });
  const run = async (flag: string, command: string, env: Readonly<Record<string, string>> = {}) => {
    const trouble = await runCommand(command, { wall, signal, env, timeoutMs: COMMAND_WITHIN_MS });
    if (trouble !== null) throw new HookError(`${flag} "${command}" ${trouble}`);
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
            await run('--restart-command', restartCommand);
            restartedAt = wall.now();
          },
    recover:
      recoverUrl !== undefined
        ? recoverByUrl(callerOf('recover'), recoverUrl)
        : recoverCommand === undefined
          ? undefined
          : ({ apiUrl, apiKey, webhookId }) =>
              run('--recover-command', recoverCommand, {
                SENDEMALL_MOCK_API_URL: apiUrl,
                SENDEMALL_MOCK_API_KEY: apiKey,
                SENDEMALL_MOCK_WEBHOOK_ID: webhookId,
              }),
    campaign: pausesIn === undefined ? undefined : sandboxCampaign(pausesIn, signal),
  };
};
