/**
 * Unknown event types whose names contain a known one.
 *
 * @module
 */
import type { EventType } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import type { LeadState } from '../../hooks/hooks.ts';
import { deliver, settleBehind } from '../../judge/deliver.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Data } from '../../probe/event-maker.ts';
import type { Probe } from '../../probe/probe.ts';
import { fail, isAccepted, notTested, pass } from '../../verdict.ts';

interface Similar {
  readonly type: string;
  readonly known: EventType;
  readonly data: Data;
}

const OPENED: Data = { open_count: 7 };
const REPLIED: Data = { reply_sentiment: 'negative' };
const BOUNCED: Data = { bounce_type: 'hard' };
const UNSUBSCRIBED: Data = { suppressed_globally: true };

/** Of each known type one that begins with its name; one that ends with it, and one with a word of it. */
const SIMILAR: readonly Similar[] = [
  { type: 'email.opened_summary', known: 'email.opened', data: OPENED },
  { type: 'email.replied_draft', known: 'email.replied', data: REPLIED },
  { type: 'email.bounced_reviewed', known: 'email.bounced', data: BOUNCED },
  { type: 'email.unsubscribed_list', known: 'email.unsubscribed', data: UNSUBSCRIBED },
  { type: 'email.pre_unsubscribed', known: 'email.unsubscribed', data: UNSUBSCRIBED },
  { type: 'email.unsubscribe_page_viewed', known: 'email.unsubscribed', data: UNSUBSCRIBED },
  { type: 'email.bounce_rate_changed', known: 'email.bounced', data: BOUNCED },
];

/** A type that is like none. */
const UNLIKE = 'email.archived';

const MEMBERS = ['suppressed', 'unsubscribed', 'open_count', 'sentiment'] as const;

interface Sent {
  readonly similar: Similar;
  readonly email: string;
  readonly exchange: Exchange;
}

const send = async (probe: Probe, similar: Similar): Promise<Sent> => {
  const { type, known, data } = similar;
  const event = { ...probe.event(known, data), event: type };
  const exchange = await deliver(probe, event);
  return { similar, email: String(event.data['lead_email']), exchange };
};

/** Members of the state that differ from those of a lead without any event: "`open_count` is 7". */
const changesIn = (state: LeadState): readonly string[] =>
  state.known
    ? MEMBERS.filter((member) => Boolean(state[member])).map(
        (member) => `\`${member}\` is ${JSON.stringify(state[member])}`,
      )
    : [];

interface Changed extends Sent {
  readonly changes: readonly string[];
}

const sendAll = async (probe: Probe, all: readonly Similar[]): Promise<readonly Changed[]> => {
  const sent = await Promise.all(all.map((similar) => send(probe, similar)));
  const accepted = sent.filter(({ exchange }) => isAccepted(exchange));
  if (probe.effects !== null && accepted.length > 0) await settleBehind(probe);
  return Promise.all(
    accepted.map(async (one) => {
      const changes = changesIn(await probe.hooks.state!(one.email));
      return { ...one, changes };
    }),
  );
};

const isChanged = ({ changes }: Changed): boolean => changes.length > 0;

export const check = defineCheck({
  id: 'content/similar-type',
  level: 'SHOULD',
  title: 'Takes no unknown event type for one whose name it contains',
  requirement: {
    text: 'A provider adds event types over time, and a new one may have the name of another in its own',
    source: 'guide, "Supported events"',
  },
  cause:
    'The type is compared by a part of its name: a prefix, a suffix, a word, or a pattern without its end.',
  fix: 'Compare the whole type: `===`, a map, or a pattern between `^` and `$`.',
  catches: ['content-type-prefix', 'content-type-suffix', 'content-type-word'],
  stage: 'effects',
  needs: ['state'],
  after: ['content/unknown-event'],
  run: async (probe) => {
    if (probe.leadEmail !== null) return notTested({ needs: 'known_leads' });
    const [first] = (await sendAll(probe, SIMILAR)).filter(isChanged);
    if (first === undefined) return pass();
    const { similar } = first;
    // The controls: again with another lead, and the same data in an event whose type is like none.
    const [again] = await sendAll(probe, [similar]);
    const [unlike] = await sendAll(probe, [{ ...similar, type: UNLIKE }]);
    if (again === undefined || !isChanged(again)) return pass('not when sent again');
    if (unlike === undefined || isChanged(unlike))
      return pass('states follow the data of any event');
    return fail({
      key: 'state:similar-type',
      expected: [`a lead on which \`${similar.type}\` leaves no trace`],
      actual: `${again.changes.join(', ')} after \`${similar.type}\``,
      diagnosis: `The type of an event is compared by a part of its name: the unknown type \`${similar.type}\` is handled as \`${similar.known}\` (${again.changes.join(', ')}), and the same data in \`${UNLIKE}\` changes nothing.`,
      exchanges: [unlike.exchange, again.exchange],
    });
  },
});
