/**
 * Maps simulator state to the provider's API responses.
 *
 * @module
 */
import type { Campaign, CampaignAnalytics, Lead } from '../../../schemas/control.ts';
import type { CampaignTotals } from '../../../schemas/events.ts';
import { toProviderTime } from '../../domain/time.ts';
import type { CampaignState, LeadState } from './state.ts';

export const campaignView = ({ id, settings, status, createdAt }: CampaignState): Campaign => ({
  id,
  name: settings.name,
  status,
  daily_limit: settings.daily_limit,
  timezone: settings.timezone,
  schedule: settings.schedule,
  sequences: settings.sequences,
  created_at: toProviderTime(createdAt),
});

export const leadView = ({ id, given, status, step, addedAt }: LeadState): Lead => ({
  id,
  email: given.email,
  first_name: given.first_name ?? null,
  last_name: given.last_name ?? null,
  company: given.company ?? null,
  title: given.title ?? null,
  custom_fields: given.custom_fields ?? {},
  status,
  sequence_step: step,
  created_at: toProviderTime(addedAt),
});

export const totalsOf = ({ leads, counts }: CampaignState): CampaignTotals => {
  const { sent, delivered, opened, clicked, replied, bounced, unsubscribed } = counts;
  return { leads: leads.length, sent, delivered, opened, clicked, replied, bounced, unsubscribed };
};

export const analyticsView = (campaign: CampaignState): CampaignAnalytics => {
  const { id, leads, finished, counts } = campaign;
  const { sent, delivered, opened, opens, clicked, clicks, replied, bounced, unsubscribed } =
    counts;
  return {
    campaign_id: id,
    leads: leads.length,
    finished,
    sent,
    delivered,
    opened,
    opens,
    clicked,
    clicks,
    replied,
    replies: { ...counts.replies },
    bounced,
    bounces: { ...counts.bounces },
    unsubscribed,
  };
};
