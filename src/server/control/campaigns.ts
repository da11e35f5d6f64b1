/**
 * `/v1/campaigns`: create, list, get, update, delete, activate, pause, resume, analytics.
 *
 * @module
 */
import { Hono } from 'hono';
import {
  CreateCampaignRequest,
  PageQuery,
  UpdateCampaignRequest,
} from '../../../schemas/control.ts';
import { parse } from '../../domain/validate.ts';
import type { Command, CommandResult } from '../../simulator/campaign/commands.ts';
import { analyticsView, campaignView } from '../../simulator/campaign/view.ts';
import type { CampaignState } from '../../simulator/campaign/state.ts';
import { readJson } from '../body.ts';
import type { Ctx, Env, ServerOptions } from '../context.ts';
import { success, successItems } from '../envelope.ts';
import type { Idempotent } from '../idempotency.ts';
import { readPage, readQuery } from '../query.ts';
import type { RateLimits } from '../rate-limits.ts';

const hints = {
  timezone: 'Pass a name from the IANA time zone database, such as America/New_York or UTC.',
};

const idOf = (c: Ctx): string => c.req.param('campaign_id') ?? '';

export const campaignRoutes = (
  { defaultProfile }: Pick<ServerOptions, 'defaultProfile'>,
  idempotent: Idempotent,
  limits: RateLimits,
): Hono<Env> => {
  /** Carry out a command and respond with the resulting campaign. */
  const respondWith = async (c: Ctx, command: Command): Promise<Response> => {
    const account = c.get('account');
    const done = await account.source.execute(command, account.now);
    return success(c, campaignView(done as CampaignState));
  };
  return new Hono<Env>()
    .post('/', async (c) => {
      const body = await readJson(c);
      const account = c.get('account');
      return idempotent<CommandResult>(c, body, {
        status: 201,
        view: (done) => campaignView(done as CampaignState),
        act: async (remember) => {
          const settings = parse(CreateCampaignRequest, body, { hints });
          limits.checkCreation(c);
          const command = { do: 'create', settings, profile: defaultProfile } as const;
          return account.source.execute(command, account.now, remember);
        },
      });
    })
    .get('/', async (c) => {
      const query = readQuery(c, PageQuery, ['limit']);
      const all = c.get('account').source.list();
      const page = await readPage(
        query,
        async ({ limit, after = 0 }) =>
          all
            .filter(({ number }) => number > after)
            .slice(0, limit)
            .map((campaign) => ({ seq: campaign.number, campaign })),
        ({ campaign }) => JSON.stringify(campaignView(campaign)),
      );
      return successItems(c, page);
    })
    .get('/:campaign_id', (c) => success(c, campaignView(c.get('account').source.find(idOf(c)))))
    .patch('/:campaign_id', async (c) => {
      const { id } = c.get('account').source.find(idOf(c));
      const changes = parse(UpdateCampaignRequest, await readJson(c), { hints });
      return respondWith(c, { do: 'update', campaign: id, changes });
    })
    .delete('/:campaign_id', async (c) => {
      const id = idOf(c);
      const account = c.get('account');
      await account.source.execute({ do: 'delete', campaign: id }, account.now);
      return success(c, { id, deleted: true });
    })
    .post('/:campaign_id/activate', (c) => respondWith(c, { do: 'activate', campaign: idOf(c) }))
    .post('/:campaign_id/pause', (c) => respondWith(c, { do: 'pause', campaign: idOf(c) }))
    .post('/:campaign_id/resume', (c) => respondWith(c, { do: 'resume', campaign: idOf(c) }))
    .get('/:campaign_id/analytics', (c) =>
      success(c, analyticsView(c.get('account').source.find(idOf(c)))),
    );
};
