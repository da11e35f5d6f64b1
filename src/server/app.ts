/**
 * One port, three surfaces: `/v1` the provider's API, `/_sandbox` what only a mock has, `/` for people.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import { Hono, type MiddlewareHandler } from 'hono';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { monotonicFactory } from 'ulid';
import { LIMITS } from '../../schemas/contract.ts';
import { OPERATIONS, type OperationId } from '../../schemas/operations.ts';
import {
  methodNotAllowed,
  routeNotFound,
  unauthorized,
  validationFailed,
} from '../domain/problems.ts';
import type { Ctx, Env, ServerOptions } from './context.ts';
import { campaignRoutes } from './control/campaigns.ts';
import { failedEventRoutes } from './control/failed-events.ts';
import { leadRoutes } from './control/leads.ts';
import { webhookRoutes } from './control/webhooks.ts';
import { failure } from './envelope.ts';
import { createGuard } from './guard.ts';
import { createIdempotency } from './idempotency.ts';
import { landingRoutes } from './landing-page.ts';
import { probeRoutes } from './probes.ts';
import { createRateLimits } from './rate-limits.ts';
import { accountRoutes } from './sandbox/account.ts';
import { clockRoutes } from './sandbox/clock.ts';
import { deliveryRoutes } from './sandbox/deliveries.ts';
import { eventRoutes } from './sandbox/events.ts';
import { faultRoutes } from './sandbox/faults.ts';
import { simulationRoutes } from './sandbox/simulation.ts';
import { sinkRoutes } from './sandbox/sinks.ts';
import { streamRoutes } from './sandbox/stream.ts';
import { createSinkRegistry, withoutToken, type SinkRegistry } from './sinks/registry.ts';

const logger = getLogger(['sendemall-mock', 'server']);

const authenticate =
  ({ engine }: ServerOptions, sinks: SinkRegistry): MiddlewareHandler<Env> =>
  async (c, next) => {
    const owner = sinks.accountOf(c.req.path);
    if (owner !== null) {
      if (owner === undefined) throw routeNotFound(c.req.method, withoutToken(c.req.path));
      c.set('account', owner);
      c.set('now', owner.now);
      await next();
      return;
    }
    const key = c.req.header('x-user-context')?.trim() ?? '';
    if (key === '') {
      throw unauthorized(
        'The header x-user-context is missing or empty. Send your API key in it; in a sandbox any key will do and is an account of its own.',
      );
    }
    if (key.length > LIMITS.maxApiKeyLength) {
      throw unauthorized(
        `The key in x-user-context is longer than ${LIMITS.maxApiKeyLength} characters. Send a shorter one.`,
      );
    }
    const account = await engine.open(key);
    c.set('account', account);
    c.set('now', account.now);
    refuseQuery(c.req);
    await next();
  };

/** The operations, for `Allow` and for what they know of queries. */
const matchers = OPERATIONS.map(({ method, path, operationId }) => ({
  method,
  operationId,
  pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
}));

const notFound = (c: Ctx): Response => {
  const { method, path } = c.req;
  const methods = matchers
    .filter(({ pattern }) => pattern.test(path))
    .map((matcher) => matcher.method);
  if (methods.length === 0) return failure(c, routeNotFound(method, path));
  const allow = [
    ...new Set(methods.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one]))),
  ].join(', ');
  return failure(c, methodNotAllowed(method, path, allow));
};

/** These read their query themselves, and refuse what they do not know in it. */
const TAKES_QUERY: ReadonlySet<OperationId> = new Set([
  'listCampaigns',
  'listLeads',
  'listFailedEvents',
  'listEvents',
  'listDeliveries',
  'waitForDelivery',
  'listSinkRequests',
  'recordRequest',
]);

/** A parameter that is passed over in silence is one that somebody believes in. */
const refuseQuery = ({ method, path, url }: Ctx['req']): void => {
  if (!url.includes('?')) return;
  const asked = method === 'HEAD' ? 'GET' : method;
  const known = matchers.find((one) => one.method === asked && one.pattern.test(path));
  const [first] = new URL(url).searchParams.keys();
  if (known === undefined || first === undefined || TAKES_QUERY.has(known.operationId)) return;
  throw validationFailed(
    `${JSON.stringify(first)} is no parameter of ${asked} ${path}, which takes none in its query. Remove it.`,
  );
};

export const createApp = (options: ServerOptions): Hono<Env> => {
  const { engine, wall, host, allowedHosts } = options;
  // Ids need only differ, so they need no strong randomness, which costs more than the rest of a request.
  const nextRequestId = monotonicFactory(Math.random);
  const guard = createGuard(host, allowedHosts);
  const sinks = createSinkRegistry();
  const auth = authenticate(options, sinks);
  const idempotent = createIdempotency(wall);
  const limits = createRateLimits(options.rateLimit, wall);

  const app = new Hono<Env>({ router: new RegExpRouter() });
  app.onError((error, c) => failure(c, error));
  app.notFound(notFound);
  app.use(async (c, next) => {
    const requestId = `req_${nextRequestId(wall.now())}`;
    c.set('requestId', requestId);
    c.set('now', wall.now);
    c.header('x-request-id', requestId);
    if (!c.req.path.startsWith('/v1/')) {
      // The provider sends neither; what only the sandbox serves is not for other pages to embed.
      c.header('x-content-type-options', 'nosniff');
      c.header('cross-origin-resource-policy', 'same-origin');
    }
    const started = wall.monotonic();
    await next();
    // Requests that came together are answered together: a write to a client that sleeps meanwhile costs a wake-up,
    // which is dearer than the work.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    if (!logger.isEnabledFor('debug')) return;
    // Neither headers nor bodies: those hold keys and secrets.
    logger.debug('{method} {path} {status} in {ms} ms ({requestId})', {
      method: c.req.method,
      path: withoutToken(c.req.path),
      status: c.res.status,
      ms: Math.round(wall.monotonic() - started),
      requestId,
    });
  });
  app.use(guard);
  app.use('/_sandbox/*', auth);
  app.use('/v1/*', auth, limits.middleware);
  app.route('/v1/campaigns', campaignRoutes(options, idempotent, limits));
  app.route('/v1/campaigns', leadRoutes(idempotent));
  app.route('/v1/webhooks', webhookRoutes(idempotent));
  app.route('/v1/webhooks', failedEventRoutes());
  app.route('/_sandbox/events', eventRoutes());
  app.route('/_sandbox/deliveries', deliveryRoutes(options));
  app.route('/_sandbox/clock', clockRoutes(options));
  app.route('/_sandbox/stream', streamRoutes(options));
  app.route('/_sandbox/faults', faultRoutes());
  app.route('/_sandbox', simulationRoutes());
  app.route('/_sandbox/sinks', sinkRoutes(options, sinks));
  app.route('/_sandbox', accountRoutes());
  app.route('/', probeRoutes(engine, options.store));
  app.route('/', landingRoutes());
  return app;
};
