/**
 * What a check needs from the user, as data. The core names no flag and no option: the edge words a need, with
 * {@link DescribeNeed}, in the terms of its own users.
 *
 * @module
 */

/** Access to the receiver's inside that only the user can provide. */
export type Hook = 'effects' | 'state' | 'fault' | 'restart' | 'recovery' | 'campaign';

/** A hook, a sandbox that holds dead letters, or leads that the receiver knows: one, or another one each time. */
export type Need = Hook | 'sandbox' | 'known_lead' | 'known_leads';

/** Words a need as a sentence: what is missing and how to provide it. */
export type DescribeNeed = (need: Need) => string;

/** Words a phrase on how to test more checks: "pass hooks.effects to test 14 more". */
export type SuggestNeed = (need: Need, checks: number) => string;

/** Why a check was not tested: a sentence, or a need, optionally after a remark. */
export type Reason = string | { readonly needs: Need; readonly remark?: string };

const IN_CODE: Readonly<Record<Need, string>> = {
  effects:
    'Needs an effects hook: pass `hooks.effects`, which returns how often an event took effect.',
  state: 'Needs a state hook: pass `hooks.state`, which returns what is stored about a lead.',
  fault: 'Needs a fault hook: pass `hooks.fault`, which makes event processing fail and recover.',
  restart: 'Needs a restart hook: pass `hooks.restart`, which kills and restarts the receiver.',
  recovery:
    'Needs a recovery hook: pass `hooks.recover`, which runs the receiver’s dead-letter recovery once.',
  campaign:
    'Needs a campaign hook: pass `hooks.campaign`, which starts a campaign that the receiver can pause.',
  sandbox: 'Needs a sandbox that holds the dead letters: pass `sandbox`.',
  known_lead:
    'If the receiver acts only on leads that it knows, pass one as `leadEmail`. Otherwise post a signed event by hand and call `hooks.effects` with its id: the count must go from 0 to 1.',
  known_leads:
    'Needs several leads that the receiver knows: pass a function as `leadEmail` that returns another address each time.',
};

/** The wording for callers of the programmatic API: names of options. */
export const describeNeedInCode: DescribeNeed = (need) => IN_CODE[need];

export const describeReason = (reason: Reason, describeNeed: DescribeNeed): string => {
  if (typeof reason === 'string') return reason;
  const { needs, remark } = reason;
  return remark === undefined ? describeNeed(needs) : `${remark} ${describeNeed(needs)}`;
};

const MEMBERS: Readonly<Record<Need, string>> = {
  effects: 'hooks.effects',
  state: 'hooks.state',
  fault: 'hooks.fault',
  restart: 'hooks.restart',
  recovery: 'hooks.recover',
  campaign: 'hooks.campaign',
  sandbox: 'sandbox',
  known_lead: 'leadEmail',
  known_leads: 'a function as leadEmail',
};

/** The wording for callers of the programmatic API. */
export const suggestNeedInCode: SuggestNeed = (need, checks) =>
  `pass ${MEMBERS[need]} to test ${checks} more`;
