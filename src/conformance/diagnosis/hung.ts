/**
 * What requests have in common that got no complete response.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';
import { isAccepted } from '../verdict.ts';

export interface Hang {
  readonly key: string;
  readonly diagnosis: string;
  readonly fix: string;
}

const PARTIAL = /status (\d{3}), then (\d+) bytes/;

/** The status of a response that has begun; null if nothing has arrived. */
const begunStatus = ({ reply }: Exchange): string | null =>
  (reply.kind === 'none' ? PARTIAL.exec(reply.message)?.[1] : undefined) ?? null;

/** Id of the event; null if the body is not one. */
const idOf = ({ request }: Exchange): string | null =>
  /"id"\s*:\s*"([^"]{1,200})"/.exec(Buffer.from(request.body).toString('utf8'))?.[1] ?? null;

const MOSTLY = 0.7;

const ENDLESS =
  'nothing says where it ends (neither Content-Length nor Transfer-Encoding), and the connection stays open, so that the sender waits until it times out';
const FIX_ENDLESS =
  'Send `Content-Length` with every response on a connection that is kept alive, also `Content-Length: 0`, or close the connection (Python: `send_header("Content-Length", "0")` before `end_headers()`).';
const FIX_REPEAT =
  'See that the branch for an id that is known ends the response (Node: res.end(); Python: a status, a Content-Length and end_headers()) and gives back its locks and connections.';

/** Whether an event with the same id was accepted. */
const createIsRepeat = (all: readonly Exchange[]) => {
  const accepted = new Set(all.filter(isAccepted).map(idOf));
  return (exchange: Exchange): boolean => {
    const id = idOf(exchange);
    return id !== null && accepted.has(id);
  };
};

const leadOf = ({ request }: Exchange): string | null =>
  /"lead_email"\s*:\s*"([^"]{1,300})"/.exec(Buffer.from(request.body).toString('utf8'))?.[1] ??
  null;

/** Whether every hung request is of a lead of which a repeat was answered before: the second request with one id. */
const followsRepeats = (hung: readonly Exchange[], all: readonly Exchange[]): boolean => {
  const seen = new Set<string | null>();
  const repeated = new Set<string | null>();
  let isSo = hung.length > 0;
  for (const exchange of all) {
    const [id, lead] = [idOf(exchange), leadOf(exchange)];
    if (hung.includes(exchange)) isSo &&= lead !== null && repeated.has(lead);
    else if (isAccepted(exchange) && id !== null && seen.has(id)) repeated.add(lead);
    if (isAccepted(exchange)) seen.add(id);
  }
  return isSo;
};

/**
 * @param hung requests without a complete response
 * @param all every request, those included
 * @returns null when they have nothing in common that is known
 */
export const describeHang = (hung: readonly Exchange[], all: readonly Exchange[]): Hang | null => {
  const status = hung.map(begunStatus).find((one) => one !== null) ?? null;
  // Of a receiver whose threads wait, other requests may wait, too.
  const repeats = hung.filter(createIsRepeat(all)).length;
  const isAboutRepeats = repeats > hung.length * MOSTLY;
  const what = isAboutRepeats ? 'a repeat' : 'a request';
  if (status !== null) {
    return {
      key: `hang:endless${isAboutRepeats ? ':repeat' : ''}`,
      diagnosis: `The response to ${what} begins with the status ${status}, but ${ENDLESS}.`,
      fix: FIX_ENDLESS,
    };
  }
  if (followsRepeats(hung, all)) {
    return {
      key: 'hang:after-repeat',
      diagnosis:
        'After a repeat of an event was answered, the next request about its lead gets no response: the branch for known ids keeps a lock, a transaction or a connection of that lead.',
      fix: FIX_REPEAT,
    };
  }
  if (!isAboutRepeats) return null;
  return {
    key: 'hang:repeat',
    diagnosis:
      'A repeat of an event gets no response at all, though the event itself did: the branch for known ids ends without one, or waits for what the first delivery still holds.',
    fix: FIX_REPEAT,
  };
};
