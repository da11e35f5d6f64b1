/**
 * `campaigns`: simulated campaigns of a running sandbox.
 *
 * @module
 */
import { Command } from '@commander-js/extra-typings';
import type { Campaign, CampaignAnalytics } from '../../../schemas/control.ts';
import type { CampaignsClient } from '../../client/campaigns.ts';
import { connect } from '../connect.ts';
import { examples } from '../help.ts';
import { apiKeyOption, jsonOption, limitOption, sandboxUrlOption } from '../options.ts';
import { fittedTable, harmless, table } from '../output/table.ts';
import { take } from '../take.ts';
import type { Terminal } from '../terminal.ts';

const list = (terminal: Terminal) =>
  new Command('list')
    .summary('list campaigns')
    .description('List campaigns, oldest first.')
    .addOption(limitOption())
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock campaigns'))
    .action(async (options) => {
      const { signal } = terminal;
      const query = { limit: Math.min(options.limit, 100), signal };
      const pager = connect(options, terminal).campaigns.list(query);
      const { items, more } = await take(pager, options.limit);
      if (options.json) {
        terminal.printJson(items, true);
        return;
      }
      if (items.length === 0) {
        terminal.note('No campaigns. Run one with `sendemall-mock scenario run full-campaign`.');
        return;
      }
      const titles = ['id', 'status', 'created', 'name'];
      const rows = items.map(({ id, status, created_at, name }) => [
        id,
        status,
        created_at,
        harmless(name),
      ]);
      for (const line of fittedTable(titles, rows, terminal)) terminal.print(line);
      if (more)
        terminal.note(`Showing the first ${options.limit}. Pass a higher --limit to see more.`);
    });

const detail = (campaign: Campaign, analytics: CampaignAnalytics): string[] => {
  const { leads, finished, sent, delivered, opened, clicked, replied, bounced } = analytics;
  const counts = { leads, finished, sent, delivered, opened, clicked, replied, bounced };
  return table([
    ['campaign', campaign.id],
    ['name', harmless(campaign.name)],
    ['status', campaign.status],
    ['created', campaign.created_at],
    ...Object.entries(counts).map(([name, count]) => [name, String(count)]),
  ]);
};

const show = (terminal: Terminal) =>
  new Command('show')
    .summary('show a campaign with its analytics')
    .description('Show a campaign with its analytics.')
    .argument('<id>', 'campaign ID')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('sendemall-mock campaigns show cmp_01J…'))
    .action(async (id, options) => {
      const { signal } = terminal;
      const { campaigns: client } = connect(options, terminal);
      const [campaign, analytics] = await Promise.all([
        client.get(id, { signal }),
        client.analytics(id, { signal }),
      ]);
      if (options.json) terminal.printJson({ ...campaign, analytics }, true);
      else for (const line of detail(campaign, analytics)) terminal.print(line);
    });

const change = (
  name: 'activate' | 'pause' | 'resume',
  describe: string,
  call: (client: CampaignsClient, id: string, signal: AbortSignal) => Promise<Campaign>,
  terminal: Terminal,
) =>
  new Command(name)
    .summary(`${name} a campaign`)
    .description(describe)
    .argument('<id>', 'campaign ID')
    .addOption(sandboxUrlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText('after', examples(`sendemall-mock campaigns ${name} cmp_01J…`))
    .action(async (id, options) => {
      const client = connect(options, terminal).campaigns;
      const campaign = await call(client, id, terminal.signal);
      if (options.json) terminal.printJson(campaign, true);
      else terminal.print(`${campaign.id} is ${campaign.status}.`);
    });

export const campaigns = (terminal: Terminal) =>
  new Command('campaigns')
    .description('List, show, activate, pause and resume campaigns of a running sandbox.')
    .addHelpText(
      'after',
      examples('sendemall-mock campaigns', 'sendemall-mock campaigns pause cmp_01J…'),
    )
    .addCommand(list(terminal), { isDefault: true })
    .addCommand(show(terminal))
    .addCommand(
      change(
        'activate',
        'Activate a draft: its e-mails are sent on the clock of the account.',
        (client, id, signal) => client.activate(id, { signal }),
        terminal,
      ),
    )
    .addCommand(
      change(
        'pause',
        'Pause an active campaign: it sends no more e-mails.',
        (client, id, signal) => client.pause(id, { signal }),
        terminal,
      ),
    )
    .addCommand(
      change(
        'resume',
        'Resume a paused campaign.',
        (client, id, signal) => client.resume(id, { signal }),
        terminal,
      ),
    );
