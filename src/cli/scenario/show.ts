/**
 * What came of a scenario, for people.
 *
 * @module
 */
import { formatSpan } from '../../domain/time.ts';
import { table } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';
import type { Outcome } from './run.ts';

const statusLine = ({ campaign, analytics, leads }: Outcome): string => {
  const { sent } = analytics;
  switch (campaign.status) {
    case 'completed':
      return 'The campaign ran to its end.';
    case 'paused':
      return `The receiver paused the campaign after ${sent} of ${leads} e-mails.`;
    default:
      return `The campaign is ${campaign.status}.`;
  }
};

export const printOutcome = (outcome: Outcome, terminal: Terminal): void => {
  const { scenario, leads, campaign, events, delivered, dead, from, to } = outcome;
  terminal.print(`Scenario ${scenario}: ${leads} leads, campaign ${campaign.id}`);
  terminal.print('');
  const rows = Object.entries(events).map(([event, tally]) => [
    event,
    String(tally.delivered),
    String(tally.failed_attempts),
    String(tally.dead),
  ]);
  if (rows.length === 0) {
    terminal.print('  Nothing was delivered: no active webhook subscribes to its events.');
  } else {
    const titles = ['event', 'delivered', 'failed attempts', 'dead'];
    for (const line of table([titles, ...rows])) terminal.print(`  ${line}`);
  }
  terminal.print('');
  terminal.print(statusLine(outcome));
  const passed = formatSpan(Date.parse(to) - Date.parse(from));
  terminal.print(
    `${delivered} events delivered, ${dead} given up; ${passed} passed on the account's clock.`,
  );
};
