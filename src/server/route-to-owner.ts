/**
 * Serves a request here if this node owns its account, and forwards it to the owner otherwise. Mounted only if several
 * nodes share the sandbox.
 *
 * **Repetition.** A request that the owner did not get, or did nothing with, is sent again until it finds an owner, for up
 * to {@link MAX_SEARCH_MS}: by then an account has been taken over, whatever happened to its owner. If the owner breaks off
 * after it got the request, the request may have taken effect: only what is safe to repeat is sent again, i.e. reads, and
 * requests to the provider's API with an `Idempotency-Key`. Others get `NODE_UNREACHABLE`, which says so.
 *
 * **One hop.** A forwarded request is served or refused, never forwarded again, so requests cannot circle.
 *
 * @module
 */
import type { Hono, MiddlewareHandler } from 'hono';
import type { SystemClock, WallClock } from '../clock/port.ts';
import { NODE_HEADER, NOT_OWNER_HEADER, type RequestToForward } from '../cluster/forward.ts';
import { MARK_HEADER, readMark } from '../cluster/mark.ts';
import type { ClusterNode, ForwardOutcome } from '../cluster/node.ts';
import type { AccountDirectory, Owner } from '../cluster/directory.ts';
import { LeaseLost } from '../domain/lease-lost.ts';
import {
  accountMoved,
  foreignNode,
  forwardingLoop,
  nodeUnreachable,
} from '../domain/node-problems.ts';
import { Problem } from '../domain/problems.ts';
import type { Ctx, Env, Route } from './context.ts';

/** Longer than a lease, so that an account whose owner has vanished is taken over within it. Real milliseconds. */
const MAX_SEARCH_MS = 12_500;
/** A response from the owner may come this late after this node has begun to close: less than its server waits. */
const MAX_LATE_MS = 4500;
const MIN_PAUSE_MS = 20;
const MAX_PAUSE_MS = 200;
/** An advance may run for long, and ends early when its account moves. */
const ADVANCE_PATH = '/_sandbox/clock/advance';
/** Larger bodies, and those of unknown length, are streamed, so they can be sent once only. */
const MAX_BUFFERED_BYTES = 1_048_576;

/** Path and query of a request. */
const targetOf = (c: Ctx): string => {
  const { url } = c.req;
  return url.slice(url.indexOf('/', url.indexOf('//') + 2));
};

const isMoved = (error: unknown): boolean =>
  error instanceof LeaseLost || (error instanceof Problem && error.code === 'ACCOUNT_MOVED');

const isRead = (c: Ctx): boolean => c.req.method === 'GET' || c.req.method === 'HEAD';

const isRepeatable = (c: Ctx): boolean =>
  isRead(c) || (c.req.path.startsWith('/v1/') && c.req.header('idempotency-key') !== undefined);

/** A problem that tells the node that forwarded the request to look for the owner again. */
const notOwner = (node: string): Problem => {
  const { code, status, message } = forwardingLoop(node);
  return new Problem(code, status, message, { [NOT_OWNER_HEADER]: '1' });
};

/**
 * Accept forwarded requests of this cluster's nodes, and refuse what claims to be one. Runs before the guard: `Host` and
 * `Origin` were checked by the node that got the request from the client.
 */
export const recogniseNodes =
  ({ directory, secret, isLeaving }: ClusterNode): MiddlewareHandler<Env> =>
  async (c, next) => {
    const header = c.req.header(MARK_HEADER);
    // The provider's API has no such header.
    if (!c.req.path.startsWith('/v1/')) c.header(NODE_HEADER, directory.self.node);
    // The client's next request should go to another node.
    if (isLeaving()) c.header('connection', 'close');
    if (header !== undefined) {
      const mark = readMark(secret, header, { method: c.req.method, target: targetOf(c) });
      if (mark === null) throw foreignNode();
      const { node } = directory.self;
      if (mark.to !== node || mark.from === node) throw notOwner(node);
      c.set('forwardedBy', mark.from);
    }
    await next();
  };

const bodyOf = async (c: Ctx): Promise<RequestToForward['body']> => {
  const { raw } = c.req;
  if (raw.body === null || isRead(c)) return null;
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (!(length <= MAX_BUFFERED_BYTES)) return raw.body;
  return new Uint8Array(await raw.arrayBuffer());
};

type Elsewhere = Exclude<Owner, { readonly node: 'self' }>;

/**
 * Ends a forwarded request when this node closes: a stream at once, a response that is awaited after {@link MAX_LATE_MS}.
 */
const createCutOff = (closing: AbortSignal, wall: WallClock) => {
  const controller = new AbortController();
  let graceMs = MAX_LATE_MS;
  let cancel = (): void => undefined;
  const onClosing = (): void => {
    cancel();
    cancel = wall.after(graceMs, () => controller.abort());
  };
  closing.addEventListener('abort', onClosing);
  if (closing.aborted) onClosing();
  return {
    signal: controller.signal,
    answered: (): void => {
      graceMs = 0;
      if (closing.aborted) onClosing();
    },
    end: (): void => {
      closing.removeEventListener('abort', onClosing);
      cancel();
    },
  };
};

/** Send the request to its owner once. @throws {Problem} if the client or this node has given up */
const forwardOnce = async (
  node: ClusterNode,
  c: Ctx,
  keyHash: string,
  owner: Elsewhere,
  request: Omit<RequestToForward, 'signal'>,
  cutOff: ReturnType<typeof createCutOff>,
): Promise<Response | Exclude<ForwardOutcome, 'answered'>> => {
  const { moved, end } = node.watch.watch(keyHash, owner.node);
  const signal = AbortSignal.any([c.req.raw.signal, cutOff.signal, moved]);
  const result = await node.forwarder.send(owner, { ...request, signal });
  node.forwarded.set(result.type, (node.forwarded.get(result.type) ?? 0) + 1);
  if (result.type === 'answered') {
    cutOff.answered();
    void result.ended.then(() => {
      end();
      cutOff.end();
    });
    return result.response;
  }
  end();
  cutOff.end();
  if (cutOff.signal.aborted || c.req.raw.signal.aborted) throw accountMoved();
  return result.type;
};

/** @returns a function that waits for some real milliseconds, less if owners change */
const createPause =
  (directory: AccountDirectory, wall: WallClock) =>
  (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        cancel();
        remove();
        resolve();
      };
      const cancel = wall.after(ms, end);
      const remove = directory.onChange(end);
    });

export const createRoute = (
  node: ClusterNode,
  wall: SystemClock,
  closing: AbortSignal,
  app: () => Pick<Hono<Env>, 'fetch'>,
): Route => {
  const { directory, gate } = node;
  const pause = createPause(directory, wall);

  /** @returns whether the account was lost before the request was done with */
  const serveLocally = async (
    c: Ctx,
    keyHash: string,
    serve: () => Promise<void>,
  ): Promise<'done' | 'not started' | 'lost'> => {
    const leave = gate.enter(keyHash, isRead(c) || c.req.path === ADVANCE_PATH);
    try {
      await serve();
      return isMoved(c.error) ? 'lost' : 'done';
    } catch (error) {
      if (isMoved(error)) return 'not started';
      throw error;
    } finally {
      leave();
    }
  };

  /** Answer with another response than the handlers'. */
  const replace = (c: Ctx, response: Response): void => {
    c.res = undefined;
    c.res = response;
  };

  /** Serve the request by another one, because its handlers have run or its body was read. */
  const again = (c: Ctx, body: Uint8Array<ArrayBuffer> | null): Response | Promise<Response> => {
    const { url, method, raw } = c.req;
    const { headers, signal } = raw;
    c.set('isRepeated', true);
    return app().fetch(new Request(url, { method, headers, signal, body }), c.env);
  };

  return async (c, keyHash, serve) => {
    const until = wall.monotonic() + MAX_SEARCH_MS;
    const forwardedBy = c.get('forwardedBy');
    let isServed = false;
    let isMisdirected = false;
    let request: Omit<RequestToForward, 'signal'> | null = null;
    for (let pauseMs = MIN_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      const shut = gate.shut(keyHash);
      if (shut !== null) await shut;
      const owner = await directory.locate(keyHash);
      if (owner.node === 'self') {
        const body = request?.body instanceof Uint8Array ? request.body : null;
        if (isServed || body !== null) return replace(c, await again(c, body));
        const end = await serveLocally(c, keyHash, serve);
        if (end === 'done') return;
        if (end === 'lost' && forwardedBy !== undefined && isRead(c))
          throw notOwner(directory.self.node);
        if (end === 'lost' && !isRead(c)) return;
        isServed = end === 'lost';
      } else if (forwardedBy === undefined) {
        const { method, raw } = c.req;
        request ??= { method, target: targetOf(c), headers: raw.headers, body: await bodyOf(c) };
        const cutOff = createCutOff(closing, wall);
        const result = await forwardOnce(node, c, keyHash, owner as Elsewhere, request, cutOff);
        if (result instanceof Response) return isServed ? replace(c, result) : result;
        isMisdirected = result === 'misdirected';
        const isSpent = request.body instanceof ReadableStream;
        if (result === 'broken' && (!isRepeatable(c) || isSpent)) {
          directory.forget(keyHash);
          throw nodeUnreachable(owner.node, true);
        }
        if (isSpent) throw nodeUnreachable(owner.node, false);
      } else {
        throw notOwner(directory.self.node);
      }
      directory.forget(keyHash);
      if (wall.monotonic() + pauseMs > until) {
        throw isMisdirected ? forwardingLoop(owner.node) : nodeUnreachable(owner.node, false);
      }
      await pause(pauseMs);
    }
  };
};
