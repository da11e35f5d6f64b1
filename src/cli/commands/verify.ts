/**
 * `verify`: judges a receiver, in any language, by the contract.
 *
 * @module
 */
import { Command, Option } from '@commander-js/extra-typings';
import {
  apiKeyOption,
  gather,
  httpUrl,
  jsonOption,
  secretOption,
  wholeNumber,
} from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const HELP = `
Reports: pretty, json, junit, html, markdown, sarif. One goes to stdout (pretty unless another is asked for without
=file; pretty then goes to stderr, if asked for too), any number to files. Progress goes to stderr. In GitHub Actions
findings are annotated, and the Markdown is added to the job's summary.

A baseline is {"known": [{"id": "delivery/dup-seq", "reason": "until the queue is replaced, #123"}]}: what it names may
fail; what it names and passes fails the run, so that it is taken out.

--config takes every flag by its name, {"effectsUrl": "…", "failOn": "should", "headers": {…}}; a module (.ts, .js)
exports it by default, and may have hooks as functions. Paths in it start at its folder. Flags win, then the environment.

A seed repeats a run, event ids included: a receiver that remembers them from the last run must be emptied before.

The run ends after --time. When the first answers are slow, the most important checks run first: MUST before SHOULD
before INFO, signatures before everything else. The report lists what was not reached as not tested.

Status: 0 conformant; 1 not conformant, or the baseline is stale; 2 wrong usage, receiver not reached, a hook that was
given and cannot be relied on, nothing learnt, or a check that counts not reached within --time; 130 on Ctrl-C, which
reports what is known by then.

Examples:
  SENDEMALL_MOCK_SECRET=whsec_your-signing-secret sendemall-mock verify http://localhost:3000/webhooks/sendemall
  sendemall-mock verify http://localhost:3000/webhooks/sendemall --only 'signature/*' --report junit=junit.xml
  sendemall-mock verify http://localhost:3000/webhooks/sendemall --effects-url 'http://localhost:3000/test/effects/{id}'
  sendemall-mock verify --list`;

export const verify = (terminal: Terminal) =>
  new Command('verify')
    .description(
      'Judges a receiver in any language by the contract: sends what the provider sends and what it never would, and says what is wrong, why, and how to mend it.',
    )
    .argument('[url]', "the receiver's URL, exactly as it would be registered", httpUrl)
    .addOption(secretOption("the receiver's signing secret, 8 to 256 characters"))
    .addOption(
      new Option(
        '--only <globs>',
        'these checks: ids or globs; repeatable, or parted by commas',
      ).argParser(gather),
    )
    .addOption(new Option('--skip <globs>', 'all but these').argParser(gather))
    .addOption(
      new Option(
        '--fail-on <level>',
        'the least grave failure that counts (default: must)',
      ).choices(['must', 'should'] as const),
    )
    .option('--baseline <file>', 'failures that are known, each with a reason')
    .option('--list', 'print the catalogue of checks, and run none')
    .option('--bail', 'stop at the first failure that counts')
    .addOption(
      new Option('--seed <number>', 'send the same as the run with this seed').argParser(
        wholeNumber(0, 0xffff_ffff),
      ),
    )
    .addOption(
      new Option('--header <line>', "'Name: value', sent with every request; repeatable").argParser(
        gather,
      ),
    )
    .option('--insecure', 'take any TLS certificate')
    .option('--timeout <span>', "how long a request may take (default: the contract's 10s)")
    .addOption(
      new Option(
        '--time <span>',
        'how long the whole run may take: 1s to 24h (default: 5m; env: SENDEMALL_MOCK_TIME)',
      ),
    )
    .addOption(
      new Option('--concurrency <number>', 'checks that run side by side (default: 8)').argParser(
        wholeNumber(1, 64),
      ),
    )
    .option('--config <file>', 'these flags from a file: JSON, or a module (.ts, .js)')
    .option('--effects-url <url>', 'has {id} in it; answers {"count": n}: effects of that event')
    .option(
      '--effects-sink <name>',
      'in place of that: a sink of --sandbox-url that the receiver calls, with the event’s id in the body',
    )
    .option('--state-url <url>', 'has {lead_email} in it; answers what is known of that lead')
    .option('--fault-url <url>', 'takes {"fail": true} and false: makes processing fail')
    .option('--restart-command <command>', 'kills the receiver and starts it again')
    .option('--recover-url <url>', "runs the receiver's recovery of dead letters once")
    .option('--recover-command <command>', 'the same, by a command')
    .option(
      '--pauses',
      'the receiver takes --sandbox-url for the provider: it pauses a campaign there on a bounce spike',
    )
    .addOption(
      new Option(
        '--sandbox-url <url>',
        'holds dead letters, campaigns and sinks for that; started with --no-rate-limit (env: SENDEMALL_MOCK_SANDBOX_URL; default: one is started)',
      ).argParser(httpUrl),
    )
    .addOption(apiKeyOption())
    .addOption(
      new Option(
        '--report <format[=file]>',
        'pretty, json, junit, html, markdown or sarif; repeatable',
      ).argParser(gather),
    )
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action(async (url, options) => {
      if (
        options.apiKey !== undefined &&
        options.sandboxUrl === undefined &&
        terminal.env['SENDEMALL_MOCK_SANDBOX_URL'] === undefined
      ) {
        throw new UsageError(
          '--api-key belongs to --sandbox-url: a sandbox that is started here has a key of its own.',
        );
      }
      const { runVerify } = await import('../verify/run.ts');
      await runVerify(url, options, terminal);
    });
