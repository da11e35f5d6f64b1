/**
 * `/_sandbox/clock`: show, set, advance.
 *
 * @module
 */
import { Hono } from 'hono';
import { AdvanceRequest, SetClockRequest } from '../../../schemas/sandbox.ts';
import { validationFailed } from '../../domain/problems.ts';
import { parseDuration, parseTime, toSandboxTime } from '../../domain/time.ts';
import { parse } from '../../domain/validate.ts';
import type { AccountEngine, AdvanceTarget } from '../../engine/engine.ts';
import { readJson } from '../body.ts';
import type { Env, ServerOptions } from '../context.ts';
import { success } from '../envelope.ts';
import { clockView } from '../view.ts';

const hints = {
  rate: 'In mode "scaled", pass a number above 0 and up to 100000; other modes have no rate.',
  by: 'Pass a duration such as "5m", "1h30m", "90s" or "PT5M", or a number of milliseconds.',
  to: 'Pass an RFC 3339 time, such as "2026-04-06T12:35:30Z".',
  until: 'Use "settled" or "next_attempt".',
};

const GOALS = ['by', 'to', 'until'] as const;

const targetOf = (body: unknown): AdvanceTarget => {
  const fields = typeof body === 'object' && body !== null ? Object.keys(body) : [];
  const given = GOALS.filter((goal) => fields.includes(goal));
  if (given.length !== 1) {
    const what =
      given.length === 0
        ? 'none is given'
        : `${given.map((goal) => `"${goal}"`).join(' and ')} are given`;
    throw validationFailed(`Pass exactly one of "by", "to" and "until": ${what}.`);
  }
  const request = parse(AdvanceRequest, body, { hints });
  if ('until' in request) return request;
  if ('to' in request) {
    const to = parseTime(request.to);
    if (to !== null) return { to };
    throw validationFailed(`"to" is ${JSON.stringify(request.to)}. ${hints.to}`);
  }
  const by = parseDuration(request.by);
  if (by !== null) return { by };
  throw validationFailed(`"by" is ${JSON.stringify(request.by)}. ${hints.by}`);
};

const show = async (account: AccountEngine): Promise<ReturnType<typeof clockView>> => {
  const { deliveries } = await account.counts();
  return clockView(await account.clock(), deliveries.pending);
};

export const clockRoutes = ({ closing }: ServerOptions): Hono<Env> =>
  new Hono<Env>()
    .get('/', async (c) => success(c, await show(c.get('account'))))
    .put('/', async (c) => {
      const account = c.get('account');
      await account.setClock(parse(SetClockRequest, await readJson(c), { hints }));
      return success(c, await show(account));
    })
    .post('/advance', async (c) => {
      const account = c.get('account');
      const { from, to, attempts } = await account.advance(
        targetOf(await readJson(c)),
        AbortSignal.any([c.req.raw.signal, closing]),
      );
      return success(c, {
        from: toSandboxTime(from),
        to: toSandboxTime(to),
        attempts,
        clock: await show(account),
      });
    });
