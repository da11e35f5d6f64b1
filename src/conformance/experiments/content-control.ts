/**
 * The control for every unusual form of a request: the same content as the provider writes and sends it. Where that is
 * refused, too, the content is the cause and not the form, whichever check has met it.
 *
 * @module
 */
import { deliver } from '../judge/deliver.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { contentOf, explainNowAndThen, explainRefusal } from './explain-refusal.ts';
import { knowledgeOf, type Explanation } from './knowledge.ts';
import { isAccepted } from '../verdict.ts';
import { isRefusedEvent } from './trial.ts';

const MAX_CONTROLS = 8;

/** Without what is another one in each event. */
const contentKey = ({ event, data }: Event): string =>
  JSON.stringify([event, { ...data, lead_email: null, lead_id: null }]);

/** @returns null when it is accepted in the usual form, or no experiment explains it */
const explainPlain = async (probe: Probe, event: Event): Promise<Explanation | null> => {
  const control = await deliver(probe, { ...event, id: probe.events.freshId() });
  return isRefusedEvent(control) ? explainRefusal(probe, control) : null;
};

/** Whether each is accepted when the same bytes are sent again alone; false for what cannot be sent again in the same way. */
const areAcceptedAlone = async (probe: Probe, refused: readonly Exchange[]): Promise<boolean> =>
  probe.alone(async () => {
    for (const { request } of refused.slice(0, MAX_CONTROLS)) {
      const { headers, body, manner } = request;
      const isUsual = JSON.stringify(headers) === JSON.stringify(probe.headersFor(body));
      if (!isUsual || manner !== null || !isAccepted(await probe.post(body))) return false;
    }
    return true;
  });

/**
 * @param refused requests with valid events in an unusual form
 * @returns the cause that explains them all; null when one of the events is accepted in the usual form
 */
export const explainByContent = async (
  probe: Probe,
  refused: readonly Exchange[],
): Promise<Explanation | null> => {
  const [one] = refused;
  if (one !== undefined && (await areAcceptedAlone(probe, refused)))
    return explainNowAndThen(probe, one);
  const events = refused.flatMap(({ request }) => contentOf(request.body) ?? []);
  const different = new Map(events.map((event) => [contentKey(event), event]));
  if (different.size === 0 || different.size > MAX_CONTROLS) return null;
  const found = new Set<Explanation | null>();
  for (const event of different.values()) {
    found.add(
      knowledgeOf(probe).explanationOf(event, 'refused') ?? (await explainPlain(probe, event)),
    );
  }
  const [explanation = null] = found;
  return found.size === 1 ? explanation : null;
};
