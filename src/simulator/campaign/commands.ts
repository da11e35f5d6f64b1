/**
 * Commands on campaigns. Each is validated completely before it changes anything. Commands are plain data: the list of an
 * account's commands with their times is all that needs to be stored.
 *
 * @module
 */
import type { AddedLeads, NewLead, UpdateCampaignRequest } from '../../../schemas/control.ts';
import { LIMITS } from '../../../schemas/contract.ts';
import type { ProfileName } from '../../../schemas/sandbox.ts';
import type { Millis } from '../../domain/delivery.ts';
import {
  campaignCompleted,
  campaignEmpty,
  campaignLimitReached,
  campaignNotActive,
  campaignNotFound,
  campaignNotPaused,
  campaignStarted,
  leadLimitReached,
  leadNotFound,
  validationFailed,
} from '../../domain/problems.ts';
import { idText } from './draw.ts';
import { fateOf } from './magic.ts';
import { PROFILES, type Rates } from './rates.ts';
import { enqueue } from './sending.ts';
import type { Simulation } from './simulation.ts';
import { keyOf, noCounts, type CampaignState, type LeadState, type Settings } from './state.ts';
import { leadView } from './view.ts';
import type { Zone, Zones } from './zone.ts';

export type Command =
  | { readonly do: 'create'; readonly settings: Settings; readonly profile: ProfileName }
  | { readonly do: 'update'; readonly campaign: string; readonly changes: UpdateCampaignRequest }
  | {
      readonly do: 'delete' | 'activate' | 'pause' | 'resume';
      readonly campaign: string;
    }
  | { readonly do: 'add'; readonly campaign: string; readonly leads: readonly NewLead[] }
  | { readonly do: 'remove'; readonly campaign: string; readonly lead: string }
  | {
      readonly do: 'behave';
      readonly campaign: string;
      readonly profile: ProfileName | 'custom';
      readonly rates: Rates;
    };

/** Context of a command. */
export interface CommandContext {
  readonly seed: number;
  readonly zones: Zones;
  readonly simulation: Simulation;
}

export const campaignOf = (
  { simulation }: Pick<CommandContext, 'simulation'>,
  id: string,
): CampaignState => {
  const campaign = simulation.campaigns.get(id);
  if (campaign === undefined) throw campaignNotFound(id);
  return campaign;
};

/** Checks beyond the schema: the time zone exists, hours and steps are in order. */
const checkSettings = (settings: UpdateCampaignRequest, zones: Zones): Zone | null => {
  const { timezone, schedule, sequences } = settings;
  const zone = timezone === undefined ? null : zones.find(timezone);
  if (timezone !== undefined && zone === null) {
    throw validationFailed(
      `"timezone" is ${JSON.stringify(timezone)}, which is not a known time zone. Use an IANA name, e.g. America/New_York or UTC.`,
    );
  }
  if (schedule !== undefined && schedule.end_hour <= schedule.start_hour) {
    throw validationFailed(
      `"schedule.end_hour" is ${schedule.end_hour}, not later than "schedule.start_hour" (${schedule.start_hour}). Use a later hour, up to 24.`,
    );
  }
  const days = schedule?.days.map((day) => day.slice(0, 3)) ?? [];
  const twice = days.find((day, index) => days.indexOf(day) < index);
  if (twice !== undefined) {
    throw validationFailed(`"schedule.days" contains ${twice} twice. List each day once.`);
  }
  sequences?.forEach(({ step }, index) => {
    if (step === index + 1) return;
    throw validationFailed(
      `"sequences[${index}].step" is ${step}. Number the steps from 1 without gaps: it must be ${index + 1}.`,
    );
  });
  return zone;
};

const queuesFor = ({ sequences }: Settings): CampaignState['queues'] =>
  sequences.map(() => ({ waiting: [], head: 0 }));

const create = (
  context: CommandContext,
  command: Command & { do: 'create' },
  now: Millis,
): CampaignState => {
  const { simulation, seed, zones } = context;
  const { settings, profile } = command;
  const zone = checkSettings(settings, zones)!;
  if (simulation.campaigns.size >= LIMITS.maxCampaignsPerAccount) {
    throw campaignLimitReached(LIMITS.maxCampaignsPerAccount);
  }
  const number = (simulation.made += 1);
  const campaign: CampaignState = {
    number,
    id: `cmp_${idText(seed, number)}`,
    createdAt: now,
    settings,
    zone,
    status: 'draft',
    profile,
    rates: PROFILES[profile],
    leads: [],
    byEmail: new Map(),
    finished: 0,
    queues: queuesFor(settings),
    sentDay: 0,
    nextSlot: 0,
    next: null,
    counts: noCounts(),
  };
  simulation.campaigns.set(campaign.id, campaign);
  return campaign;
};

const update = (
  context: CommandContext,
  command: Command & { do: 'update' },
  now: Millis,
): CampaignState => {
  const campaign = campaignOf(context, command.campaign);
  const { changes } = command;
  const zone = checkSettings(changes, context.zones);
  if (changes.sequences !== undefined && campaign.status !== 'draft') {
    throw campaignStarted(
      campaign.id,
      campaign.status,
      'its "sequences" can no longer change. Omit them, or create another campaign',
    );
  }
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  campaign.settings = { ...campaign.settings, ...Object.fromEntries(given) };
  campaign.zone = zone ?? campaign.zone;
  if (changes.sequences !== undefined) campaign.queues = queuesFor(campaign.settings);
  context.simulation.reschedule(campaign, now);
  return campaign;
};

const activate = (context: CommandContext, id: string, now: Millis): CampaignState => {
  const campaign = campaignOf(context, id);
  if (campaign.status !== 'draft') {
    throw campaignStarted(
      id,
      campaign.status,
      campaign.status === 'paused'
        ? `it cannot be activated again. POST /v1/campaigns/${id}/resume resumes it`
        : 'it cannot be activated again. Create another campaign to send again',
    );
  }
  if (campaign.byEmail.size === 0) throw campaignEmpty(id);
  campaign.status = 'active';
  const today = campaign.zone.dayOf(now);
  for (const lead of campaign.byEmail.values()) enqueue(lead, today);
  context.simulation.reschedule(campaign, now);
  return campaign;
};

const pause = (context: CommandContext, id: string, now: Millis): CampaignState => {
  const campaign = campaignOf(context, id);
  if (campaign.status !== 'active') throw campaignNotActive(id, campaign.status);
  campaign.status = 'paused';
  context.simulation.reschedule(campaign, now);
  return campaign;
};

const resume = (context: CommandContext, id: string, now: Millis): CampaignState => {
  const campaign = campaignOf(context, id);
  if (campaign.status !== 'paused') throw campaignNotPaused(id, campaign.status);
  campaign.status = 'active';
  context.simulation.reschedule(campaign, now);
  return campaign;
};

const leadsOf = ({ simulation }: CommandContext): number => {
  let sum = 0;
  for (const { leads } of simulation.campaigns.values()) sum += leads.length;
  return sum;
};

const newLead = (
  context: CommandContext,
  campaign: CampaignState,
  given: NewLead,
  now: Millis,
): LeadState => {
  const number = campaign.leads.length + 1;
  return {
    campaign,
    number,
    id: `lead_${idText(context.seed, campaign.number, number)}`,
    given,
    addedAt: now,
    fate: fateOf(given.email),
    status: 'pending',
    step: 0,
    ended: false,
    removed: false,
    pendingEmails: 0,
    finished: false,
    opens: 0,
    firstOpenedAt: 0,
    clicks: 0,
    firstClickedAt: 0,
  };
};

const add = (
  context: CommandContext,
  command: Command & { do: 'add' },
  now: Millis,
): AddedLeads => {
  const { simulation } = context;
  const campaign = campaignOf(context, command.campaign);
  if (campaign.status === 'completed') throw campaignCompleted(campaign.id);
  if (leadsOf(context) + command.leads.length > LIMITS.maxLeadsPerAccount) {
    throw leadLimitReached(LIMITS.maxLeadsPerAccount);
  }
  const added: LeadState[] = [];
  const skipped: { email: string; reason: 'duplicate' | 'suppressed' }[] = [];
  for (const given of command.leads) {
    const { email } = given;
    const key = keyOf(email);
    if (simulation.suppressed.has(key)) skipped.push({ email, reason: 'suppressed' });
    else if (campaign.byEmail.has(key)) skipped.push({ email, reason: 'duplicate' });
    else {
      const lead = newLead(context, campaign, given, now);
      campaign.leads.push(lead);
      campaign.byEmail.set(key, lead);
      added.push(lead);
    }
  }
  if (campaign.status !== 'draft') {
    const today = campaign.zone.dayOf(now);
    for (const lead of added) enqueue(lead, today);
    simulation.reschedule(campaign, now);
  }
  return { leads: added.map(leadView), skipped };
};

const remove = (
  context: CommandContext,
  command: Command & { do: 'remove' },
  now: Millis,
): LeadState => {
  const campaign = campaignOf(context, command.campaign);
  const lead = campaign.leads.find(({ id, removed }) => id === command.lead && !removed);
  if (lead === undefined) throw leadNotFound(campaign.id, command.lead);
  lead.removed = true;
  lead.ended = true;
  campaign.byEmail.delete(keyOf(lead.given.email));
  context.simulation.settle(lead, now);
  context.simulation.reschedule(campaign, now);
  return lead;
};

const drop = (context: CommandContext, id: string, now: Millis): CampaignState => {
  const campaign = campaignOf(context, id);
  context.simulation.campaigns.delete(id);
  campaign.status = 'completed';
  context.simulation.reschedule(campaign, now);
  return campaign;
};

const behave = (context: CommandContext, command: Command & { do: 'behave' }): CampaignState => {
  const campaign = campaignOf(context, command.campaign);
  campaign.profile = command.profile;
  campaign.rates = command.rates;
  return campaign;
};

/** The result of a command. */
export type CommandResult = CampaignState | LeadState | AddedLeads;

/**
 * Execute a command at the time `now`.
 *
 * @throws {Problem} if it cannot be executed; then nothing has changed
 */
export const execute = (context: CommandContext, command: Command, now: Millis): CommandResult => {
  switch (command.do) {
    case 'create':
      return create(context, command, now);
    case 'update':
      return update(context, command, now);
    case 'delete':
      return drop(context, command.campaign, now);
    case 'activate':
      return activate(context, command.campaign, now);
    case 'pause':
      return pause(context, command.campaign, now);
    case 'resume':
      return resume(context, command.campaign, now);
    case 'add':
      return add(context, command, now);
    case 'remove':
      return remove(context, command, now);
    case 'behave':
      return behave(context, command);
  }
};
