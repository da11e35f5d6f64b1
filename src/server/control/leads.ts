/**
 * `/v1/campaigns/{campaign_id}/leads`: add, list, remove.
 *
 * @module
 */
import { Hono } from 'hono';
import { AddLeadsRequest, PageQuery } from '../../../schemas/control.ts';
import { parse } from '../../domain/validate.ts';
import type { CommandResult } from '../../simulator/campaign/commands.ts';
import type { LeadState } from '../../simulator/campaign/state.ts';
import { leadView } from '../../simulator/campaign/view.ts';
import { readJson } from '../body.ts';
import type { Env } from '../context.ts';
import { success, successItems } from '../envelope.ts';
import type { Idempotent } from '../idempotency.ts';
import { readPage, readQuery } from '../query.ts';

const hints = { email: "Pass the lead's email address, such as sarah@example.com." };

export const leadRoutes = (idempotent: Idempotent): Hono<Env> =>
  new Hono<Env>()
    .post('/:campaign_id/leads', async (c) => {
      const account = c.get('account');
      const { id } = account.source.find(c.req.param('campaign_id'));
      const body = await readJson(c);
      return idempotent<CommandResult>(c, body, {
        status: 201,
        view: (done) => done,
        act: async (remember) => {
          const { leads } = parse(AddLeadsRequest, body, { hints });
          const command = { do: 'add', campaign: id, leads } as const;
          return account.source.execute(command, account.now, remember);
        },
      });
    })
    .get('/:campaign_id/leads', async (c) => {
      const campaign = c.get('account').source.find(c.req.param('campaign_id'));
      const query = readQuery(c, PageQuery, ['limit']);
      const read = async ({ limit, after = 0 }: { limit: number; after?: number }) => {
        const page: { seq: number; lead: LeadState }[] = [];
        for (let place = after; place < campaign.leads.length && page.length < limit; place += 1) {
          const lead = campaign.leads[place];
          if (lead !== undefined && !lead.removed) page.push({ seq: lead.number, lead });
        }
        return page;
      };
      const write = ({ lead }: { lead: LeadState }): string => JSON.stringify(leadView(lead));
      return successItems(c, await readPage(query, read, write));
    })
    .delete('/:campaign_id/leads/:lead_id', async (c) => {
      const account = c.get('account');
      const { campaign_id: campaign, lead_id: lead } = c.req.param();
      await account.source.execute({ do: 'remove', campaign, lead }, account.now);
      return success(c, { id: lead, deleted: true });
    });
