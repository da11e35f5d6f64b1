/**
 * Creates campaigns for tests.
 *
 * @module
 */
import type { CreateCampaignRequest, NewLead } from '../../schemas/control.ts';
import type { WebhookEvent } from '../../schemas/events.ts';
import type { Api } from './api.ts';
import type { Receiver } from './receiver.ts';

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Settings of a campaign that sends all day, every day, with one e-mail. */
export const settings = (more: Partial<CreateCampaignRequest> = {}): CreateCampaignRequest => ({
  name: 'Q2 Outreach',
  daily_limit: 1000,
  timezone: 'UTC',
  schedule: { days: [...WEEK], start_hour: 0, end_hour: 24 },
  sequences: sequence(0),
  ...more,
});

/** Creates a sequence with one e-mail for each delay, in days. */
export const sequence = (...delays: readonly number[]): CreateCampaignRequest['sequences'] =>
  delays.map((delay_days, index) => ({
    step: index + 1,
    delay_days,
    subject: `E-mail ${index + 1}`,
    body: 'Hi {{first_name}}',
  }));

/** Generates leads, numbered from `from` on. */
export const leads = (count: number, from = 1): NewLead[] =>
  Array.from({ length: count }, (_, index) => ({ email: `lead.${from + index}@acme.example` }));

/** Creates a campaign with leads. @returns its id */
export const createCampaign = async (
  api: Api,
  of: readonly NewLead[],
  more: Partial<CreateCampaignRequest> = {},
): Promise<string> => {
  const made = await api.send('POST', '/v1/campaigns', settings(more));
  if (made.status !== 201) throw new Error(made.error.message);
  const { id } = made.data;
  for (let from = 0; from < of.length; from += 100) {
    const some = { leads: of.slice(from, from + 100) };
    const added = await api.send('POST', `/v1/campaigns/${id}/leads`, some);
    if (added.status !== 201) throw new Error(added.error.message);
  }
  return id;
};

/** Creates and activates a campaign. @returns its id */
export const startCampaign = async (
  api: Api,
  of: readonly NewLead[],
  more: Partial<CreateCampaignRequest> = {},
): Promise<string> => {
  const id = await createCampaign(api, of, more);
  const activated = await api.send('POST', `/v1/campaigns/${id}/activate`);
  if (activated.status !== 200) throw new Error(activated.error.message);
  return id;
};

/** Events that a receiver got, in the order of arrival. */
export const eventsOf = ({ received }: Receiver): WebhookEvent[] =>
  received.map(({ body }) => JSON.parse(body) as WebhookEvent);

/** Filters events by type. */
export const only = <Name extends WebhookEvent['event']>(
  events: readonly WebhookEvent[],
  name: Name,
): Extract<WebhookEvent, { event: Name }>[] =>
  events.filter((event): event is Extract<WebhookEvent, { event: Name }> => event.event === name);

/** Groups items by key, in the order in which the keys first occur. */
export const groups = <T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> => {
  const by = new Map<string, T[]>();
  for (const one of all) by.set(keyOf(one), [...(by.get(keyOf(one)) ?? []), one]);
  return by;
};
