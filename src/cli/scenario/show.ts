/**
 * Prints the result of a scenario.
 *
 * @module
 */
import { formatDuration } from '../../domain/time.ts';
import { table } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';
import type { Judgement } from './judge.ts';
import type { Outcome } from './run.ts';

const statusLine = ({ campaign, analytics, leads }: Outcome): string => {
  const { sent } = analytics;
  switch (campaign.status) {
    case 'completed':
      return 'The campaign completed.';
    case 'paused':
      return `The receiver paused the campaign after ${sent} of ${leads} emails.`;
    default:
      return `The campaign is ${campaign.status}.`;
  }
};

const printJudgement = ({ findings, success, deeper }: Judgement, terminal: Terminal): void => {
  for (const finding of findings) terminal.print(terminal.style('red', `✗ ${finding}`));
  if (success !== null) terminal.print(terminal.style('green', `✓ ${success}`));
  if (deeper === null) return;
  terminal.print(terminal.style('dim', "  What that did to the receiver's own data shows:"));
  terminal.print(terminal.style('dim', `  ${deeper}`));
};

export const printOutcome = (outcome: Outcome, judgement: Judgement, terminal: Terminal): void => {
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
    terminal.print('  No deliveries: no active webhook subscribes to these events.');
  } else {
    const titles = ['event', 'delivered', 'failed attempts', 'dead'];
    for (const line of table([titles, ...rows])) terminal.print(`  ${line}`);
  }
  terminal.print('');
  const passed = formatDuration(Date.parse(to) - Date.parse(from));
  terminal.print(
    `${statusLine(outcome)} ${delivered} delivered, ${dead} dead letters, in ${passed} on the account's clock.`,
  );
  printJudgement(judgement, terminal);
};
