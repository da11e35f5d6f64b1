/**
 * The HTTP app: `/v1` is the provider's API, `/_sandbox` the sandbox API, `/` the inspector.
 *
 * @module
 */
import type { HttpBindings } from '@hono/node-server';
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
import type { AnsweredRequest, Ctx, Env, Route, ServerOptions } from './context.ts';
import { campaignRoutes } from './control/campaigns.ts';
import { failedEventRoutes } from './control/failed-events.ts';
import { leadRoutes } from './control/leads.ts';
import { webhookRoutes } from './control/webhooks.ts';
import { documentRoutes } from './docs/routes.ts';
import { failure } from './envelope.ts';
import { createGuard } from './guard.ts';
import { createIdempotency } from './idempotency.ts';
import { inspectorRoutes } from './inspector/routes.ts';
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
import { verificationRoutes } from './sandbox/verifications.ts';
import { createRoute, recogniseNodes } from './route-to-owner.ts';
import { createSinkRegistry, withoutToken, type SinkRegistry } from './sinks/registry.ts';
import { createRandomTokens, createSealedTokens } from './sinks/tokens.ts';
import { createVerificationRegistry } from './verifications/registry.ts';

const logger = getLogger(['sendemall-mock', 'server']);

/** @throws {Problem} `UNAUTHORIZED` */
const apiKeyOf = (c: Ctx): string => {
  const key = c.req.header('x-user-context')?.trim() ?? '';
  if (key === '') {
    throw unauthorized(
      'Missing or empty header x-user-context. Send your API key in it. A sandbox accepts any key; each is a separate account.',
    );
  }
  if (key.length > LIMITS.maxApiKeyLength) {
    throw unauthorized(
      `The key in x-user-context exceeds ${LIMITS.maxApiKeyLength} characters. Send a shorter one.`,
    );
  }
  return key;
};

/** Without other nodes, all accounts are served here. */
const serveHere: Route = async (_c, _keyHash, serve) => serve();

/** Find the account of a request, by its API key or by the token of a sink, and serve the request where the account is. */
const authenticate =
  ({ engine }: ServerOptions, sinks: SinkRegistry, route: Route): MiddlewareHandler<Env> =>
  async (c, next) => {
    const ofToken = sinks.keyHashOf(c.req.path);
    if (ofToken === undefined) throw routeNotFound(c.req.method, withoutToken(c.req.path));
    const apiKey = ofToken === null ? apiKeyOf(c) : null;
    const keyHash = ofToken ?? engine.identify(apiKey ?? '');
    return route(c, keyHash, async () => {
      const account = await (apiKey === null ? engine.openByHash(keyHash) : engine.open(apiKey));
      c.set('account', account);
      c.set('now', account.now);
      if (apiKey !== null) rejectQuery(c.req);
      await next();
    });
  };

/** Sinks record requests with any query. */
const TAKES_ANY_QUERY: OperationId = 'recordRequest';

/** The operations, for `Allow` and for queries. */
const matchers = OPERATIONS.map(({ method, path, operationId, query }) => ({
  method,
  takesQuery: query.length > 0 || operationId === TAKES_ANY_QUERY,
  pattern: new RegExp(`^${path.replaceAll(/\{[^{}]+\}/g, '[^/]+')}$`),
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

/**
 * Reject query parameters of an operation that has none: ignoring them hides typos. Operations that have some validate
 * their query themselves.
 */
const rejectQuery = ({ method, path, url }: Ctx['req']): void => {
  if (!url.includes('?')) return;
  const effective = method === 'HEAD' ? 'GET' : method;
  const known = matchers.find((one) => one.method === effective && one.pattern.test(path));
  const [first] = new URL(url).searchParams.keys();
  if (known === undefined || first === undefined || known.takesQuery) return;
  throw validationFailed(
    `Unknown query parameter ${JSON.stringify(first)}: ${effective} ${path} has none. Remove it.`,
  );
};

/** Null before authentication, and without a valid key. */
const accountOf = (c: Ctx): AnsweredRequest['account'] => {
  const account: AnsweredRequest['account'] | undefined = c.get('account');
  return account ?? null;
};

/**
 * Sets headers of the response, on a connection directly on Node's: Hono would turn those of every response into a
 * `Headers` object, which takes a seventh of a request's processor time.
 */
const headerSetter = (c: Ctx): ((name: string, value: string) => void) => {
  const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
  return outgoing === undefined
    ? (name, value) => c.header(name, value)
    : (name, value) => void outgoing.setHeader(name, value);
};

/** Create the app. It holds the state of sinks and rate limits, so create one per server. */
export const createApp = (options: ServerOptions): Hono<Env> => {
  const { wall, host, allowedHosts, remedies } = options;
  // Request IDs need not be unpredictable, and strong randomness costs more than the rest of a request.
  const nextRequestId = monotonicFactory(Math.random);
  const guard = createGuard(host, allowedHosts, remedies);
  const { cluster } = options;
  const sinks = createSinkRegistry(
    cluster === null ? createRandomTokens() : createSealedTokens(cluster.secret),
  );
  const verifications = createVerificationRegistry(wall, options.closing);
  const route =
    cluster === null ? serveHere : createRoute(cluster, wall, options.closing, () => app);
  const auth = authenticate(options, sinks, route);
  const idempotent = createIdempotency(wall);
  const limits = createRateLimits(options.rateLimit, wall);

  const app = new Hono<Env>({ router: new RegExpRouter() });
  app.onError((error, c) => failure(c, error));
  app.notFound(notFound);
  app.use(async (c, next) => {
    const requestId = `req_${nextRequestId(wall.now())}`;
    c.set('requestId', requestId);
    c.set('now', wall.now);
    const header = headerSetter(c);
    header('x-request-id', requestId);
    if (!c.req.path.startsWith('/v1/')) {
      // The provider sends neither. Pages of other sites must not embed what only the sandbox serves.
      header('x-content-type-options', 'nosniff');
      header('cross-origin-resource-policy', 'same-origin');
    }
    const started = wall.monotonic();
    await next();
    // Write the responses of concurrent requests together: waking a sleeping client costs more than the request itself.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const { method } = c.req;
    const path = withoutToken(c.req.path);
    const { status } = c.res;
    if (c.get('isRepeated') !== true)
      options.onRequest?.({ method, path, status, account: accountOf(c) });
    if (!logger.isEnabledFor('debug')) return;
    // No headers or bodies: they contain keys and secrets.
    logger.debug('{method} {path} {status} in {ms} ms ({requestId})', {
      method,
      path,
      status,
      ms: Math.round(wall.monotonic() - started),
      requestId,
    });
  });
  if (cluster !== null) app.use(recogniseNodes(cluster));
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
  app.route('/_sandbox/stream', streamRoutes(options, verifications));
  app.route('/_sandbox/faults', faultRoutes());
  app.route('/_sandbox', simulationRoutes());
  app.route('/_sandbox/sinks', sinkRoutes(options, sinks));
  app.route('/_sandbox/verifications', verificationRoutes(options, verifications));
  app.route('/_sandbox', accountRoutes(options));
  app.route('/', probeRoutes(options));
  app.route('/', inspectorRoutes());
  app.route('/', documentRoutes());
  return app;
};
