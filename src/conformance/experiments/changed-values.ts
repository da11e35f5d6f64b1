/**
 * Whether a further event of a lead is processed when one of its values differs from that of an earlier one.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Level, Verdict } from '../check.ts';
import type { Data, Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, fail, isAccepted, pass } from '../verdict.ts';
import { answerText } from './answer-text.ts';
import { knowsCause, rememberCause } from './known-causes.ts';
import { tryControls, tryEvents, type Flaw, type Interests, type Trial } from './trial.ts';

interface Change {
  readonly type: EventType;
  readonly member: string;
  /** Of the earlier event and of the later one. */
  readonly values: readonly [unknown, unknown];
  /** "lead" or "campaign", which both events have in common. */
  readonly of: 'lead' | 'campaign';
  readonly level: Level;
}

/** Each generated event has another one anyway. */
const FRESH: Change['values'] = [null, null];

const change = (
  type: EventType,
  member: string,
  values: Change['values'],
  { of = 'lead', level = 'MUST' }: Partial<Pick<Change, 'of' | 'level'>> = {},
): Change => ({ type, member, values, of, level });

/** Nothing says that it changes, nor that it does not. */
const UNDOCUMENTED = { level: 'SHOULD' } as const;

/** In events of one lead, what differs from e-mail to e-mail is documented; who it is may be corrected. */
const CHANGES: readonly Change[] = [
  change('email.sent', 'sequence_step', [1, 2]),
  change('email.opened', 'sequence_step', [3, 1]),
  change('email.replied', 'sequence_step', [2, 1]),
  change('email.opened', 'user_agent', ['Mozilla/5.0 (X11; Linux x86_64)', 'Thunderbird/128.0']),
  change('email.opened', 'ip_country', ['US', 'DE']),
  change('email.clicked', 'url', ['https://your-app.com/pricing', 'https://your-app.com/docs']),
  change('email.clicked', 'click_count', [1, 2]),
  change('email.replied', 'reply_preview', ['Thanks.', 'One more question: what does it cost?']),
  change('email.replied', 'reply_sentiment', ['positive', 'neutral']),
  change('email.bounced', 'bounce_code', ['452', '421']),
  change('email.bounced', 'bounce_message', ['Mailbox full', 'Try again later']),
  change('email.unsubscribed', 'suppressed_globally', [false, true]),
  change('email.replied', 'lead_name', ['Sarah Chen', 'Sarah Chen-Miller'], UNDOCUMENTED),
  change('email.replied', 'lead_company', ['Acme Corp', 'Acme Holding'], UNDOCUMENTED),
  change('email.replied', 'thread_id', FRESH, UNDOCUMENTED),
  change('email.opened', 'lead_email', FRESH, UNDOCUMENTED),
  change('email.replied', 'campaign_name', ['Q2 Outreach', 'Q2 Outreach (renamed)'], {
    of: 'campaign',
    ...UNDOCUMENTED,
  }),
];

/** Soft, so that neither of two bounces ends what the lead gets. */
const EXTRA: Partial<Record<EventType, Data>> = { 'email.bounced': { bounce_type: 'soft' } };

/** Two events of a campaign of their own; those of a lead also have the lead in common, and all but one value. */
const pairOf = (
  probe: Probe,
  { type, member, values, of }: Change,
  isChanged: boolean,
): readonly [Event, Event] => {
  const campaign_id = `cmp_${probe.events.freshId().slice('evt_'.length)}`;
  const [before, after] = values;
  const valueOf = (value: unknown): Data => (values === FRESH ? {} : { [member]: value });
  const first = probe.event(type, { ...EXTRA[type], campaign_id, ...valueOf(before) });
  const second = probe.event(type, { ...EXTRA[type], campaign_id, ...valueOf(after) });
  const shared = of === 'campaign' ? {} : { ...first.data, [member]: second.data[member] };
  const data = isChanged ? { ...second.data, ...shared } : first.data;
  return [first, { ...second, data }];
};

interface Judged {
  readonly change: Change;
  readonly first: Trial;
  readonly second: Trial;
}

const tryPairs = async (
  probe: Probe,
  changes: readonly Change[],
  interests: Interests,
  isChanged: boolean,
): Promise<readonly Judged[]> => {
  const pairs = changes.map((one) => pairOf(probe, one, isChanged));
  const first = await tryEvents(
    probe,
    pairs.map(([one]) => one),
    interests,
  );
  const second = await tryEvents(
    probe,
    pairs.map(([, one]) => one),
    interests,
  );
  return changes.map((one, at) => ({ change: one, first: first[at]!, second: second[at]! }));
};

const isFlawed = ({ first, second }: Judged): boolean =>
  first.flaw === null &&
  isAccepted(first.exchange) &&
  !second.isUnclear &&
  (second.flaw === 'refused' || second.flaw === 'lost');

/** Flawed again with another lead, though the same two events without the change are not. */
const isSteady = async (probe: Probe, one: Change, interests: Interests): Promise<boolean> => {
  const [again] = await tryPairs(probe, [one], interests, true);
  const [control] = await tryPairs(probe, [one], interests, false);
  return isFlawed(again!) && control!.second.flaw === null && !control!.second.isUnclear;
};

const DOES: Readonly<Record<Exclude<Flaw, 'doubled'>, string>> = {
  refused: 'is refused',
  lost: 'is accepted and has no effect',
};

const failFor = (probe: Probe, { change: one, first, second }: Judged): Verdict => {
  const flaw = second.flaw as Exclude<Flaw, 'doubled'>;
  const { type, member, of, level } = one;
  const [was, is] = [first, second].map(({ event }) => JSON.stringify(event.data[member]));
  const sentence = `A further \`${type}\` event of a known ${of} ${DOES[flaw]} when its \`${member}\` is another one than before: after ${was}, ${is} is answered ${answerText(second.exchange.reply)}${flaw === 'lost' ? ' and has no effect' : ''}; with the same value again, it is processed.`;
  const fix = `Read \`${member}\` from each event, and update what is stored (an upsert): only the envelope’s \`id\` and what identifies the ${of} are fixed.`;
  const key = `${flaw}:changed:${member}`;
  rememberCause(probe, flaw, { key, sentence, fix });
  return fail({
    symptom: flaw,
    level,
    key,
    expected: ['a 2xx and one effect for each of the two events'],
    actual: `\`${member}\` ${is} after ${was}: ${describeReply(second.exchange.reply)}`,
    diagnosis: sentence,
    fix,
    exchanges: [first.exchange, second.exchange],
  });
};

/** Each change in a lead and a campaign of its own. */
export const judgeChangedValues = async (probe: Probe): Promise<Verdict> => {
  const { accepted, interests } = await tryControls(probe);
  const changes = CHANGES.filter(({ type }) => accepted.has(type));
  const judged = (await tryPairs(probe, changes, interests, true)).filter(isFlawed);
  for (const one of judged) {
    if (knowsCause(probe, one.second.flaw!)) continue;
    if (await probe.alone(() => isSteady(probe, one.change, interests))) return failFor(probe, one);
  }
  return pass(`${changes.length} values`);
};
