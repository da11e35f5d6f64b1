/**
 * A receiver that refuses the suite's plain events: whether it does so now and then, and whether it accepts the provider's
 * own example. Then the difference between the two is the cause.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import { EVENT_EXAMPLES } from '../../../schemas/examples.ts';
import type { Finding } from '../diagnosis/evidence.ts';
import { deliver } from '../judge/deliver.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Data, Envelope, Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { caseOfEvent } from './case-of-event.ts';
import { explainCase } from './explain-case.ts';
import { INTERMITTENT_FIX } from './explain-refusal.ts';
import { explainIntermittence } from './intermittence.ts';
import { isRefusedEvent } from './trial.ts';

const MAX_ID_NUMBER = 1_000_000_000;

/** The provider's own example; only the number in its id is another one each time. */
const exampleOf = (
  { random }: Probe,
  type: EventType = 'email.replied',
  data: Data = {},
  envelope: Envelope = {},
): Event => {
  const [example] = EVENT_EXAMPLES[type];
  const number = Math.floor(random() * MAX_ID_NUMBER);
  const id = example.id.replace(/(?<!\d)\d*$/, String(number).padStart(9, '0'));
  const { event, timestamp } = example;
  return { event, id, timestamp, ...envelope, data: { ...example.data, ...data } };
};

/** A probe whose plain events are the provider's examples. */
const withExamples = (probe: Probe): Probe => ({
  ...probe,
  event: (type, data, envelope) => exampleOf(probe, type, data, envelope),
});

/** As many in a row are not refused by chance. */
const RETRIES = 8;

const isIntermittent = async (probe: Probe): Promise<boolean> => {
  for (let retry = 0; retry < RETRIES; retry += 1) {
    if (isAccepted(await probe.post(probe.event()))) return true;
  }
  return false;
};

/**
 * @param refused a plain event of the suite
 * @returns null when plain events are always refused, and so is the provider's example
 */
export const explainPlainRefusal = async (
  probe: Probe,
  refused: Exchange,
): Promise<Finding | null> => {
  if (!isRefusedEvent(refused)) return null;
  if (await isIntermittent(probe)) {
    const found = await explainIntermittence(probe);
    if (found === null) return null;
    const { name, cause, evidence, exchanges } = found;
    return {
      key: `intermittent:${name}`,
      diagnosis: `${cause} ${evidence}`,
      fix: INTERMITTENT_FIX,
      shownBy: exchanges.slice(0, 1),
    };
  }
  const examples = withExamples(probe);
  const control = await deliver(probe, examples.event());
  if (!isAccepted(control)) return null;
  const scene = { probe: examples, flaw: 'refused', interests: null, control } as const;
  const one = caseOfEvent(examples, 'email.replied', probe.event(), true);
  const explanation = await explainCase(scene, one);
  if (explanation === null) return null;
  const { key, cause, evidence, fix } = explanation;
  return { key, diagnosis: `${cause} ${evidence}`, fix: fix ?? '', shownBy: [control] };
};
