/**
 * Errors that only a sandbox of several nodes responds with.
 *
 * @module
 */
import { Problem } from './problems.ts';

/** The account was closed here while the request ran. */
export const accountMoved = (): Problem =>
  new Problem(
    'ACCOUNT_MOVED',
    503,
    'Another node of this sandbox took over this account before this request was completed. Send it again. If a repetition could do harm, read the state first.',
    { 'Retry-After': '1' },
    1,
  );

/** For the readiness probe only. */
export const nodeLeaving = (): Problem =>
  new Problem(
    'NODE_LEAVING',
    503,
    'This node is shutting down and hands its accounts over. Send requests to another node.',
  );

/**
 * @param mayHaveTakenEffect whether the node may have received the request
 */
export const nodeUnreachable = (node: string, mayHaveTakenEffect: boolean): Problem =>
  new Problem(
    'NODE_UNREACHABLE',
    503,
    mayHaveTakenEffect
      ? `Node ${node}, which serves this account, stopped answering after it was sent this request, so the request may have taken effect. Read the state before you send it again; with an Idempotency-Key, send it again at once.`
      : `Node ${node}, which serves this account, does not answer, and no other node has taken the account over yet. Nothing was changed. Send the request again.`,
    { 'Retry-After': '2' },
    2,
  );

/** @param node the node that got the request */
export const forwardingLoop = (node: string): Problem =>
  new Problem(
    'FORWARDING_LOOP',
    508,
    `This request was forwarded to node ${node}, which does not serve this account. Nothing was changed. Check that the URL of each node leads to that node itself, not to a load balancer or another node.`,
  );

export const foreignNode = (): Problem =>
  new Problem(
    'FOREIGN_NODE',
    403,
    'This request claims to be forwarded by a node of this sandbox, but its signature does not match. Nodes must use the same database. Clients must not send the header x-sendemall-forwarded.',
  );
